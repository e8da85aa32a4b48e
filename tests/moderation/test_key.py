"""The key is in no byte that is written, and in nothing that is raised, logged or shown."""

import logging
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from pipeline.core.address import sound_address
from pipeline.core.errors import TunesetError
from pipeline.measure.providers.openai import Door, backend
from tests.moderation.desk import FAST, row
from tests.moderation.standin import KEY, Reply, error

FAULTS = {
    "the provider echoes the key": lambda key: error(401, f"key {key}", f"Incorrect API key provided: {key}"),
    "the provider echoes the key in a refusal": lambda key: error(400, key, key, param=key),
    "the provider echoes the key in a broken body": lambda key: Reply(body=f'{{"{key}'.encode()),
    "the provider echoes the key in headers": lambda key: error(
        429, None, retry_after=key, x_ratelimit_limit_tokens=key
    ),
    "the provider is down": lambda key: Reply(is_reset=True),
    "no answer in time": lambda key: Reply(seconds=0.3),
}


def told_by(error):
    """The traceback and every exception behind it, suppressed or not."""
    shown = "".join(traceback.format_exception(error))
    while error is not None:
        shown += repr(error) + repr(vars(error))
        error = error.__cause__ or error.__context__
    return shown


@pytest.mark.parametrize("kind", FAULTS)
def test_no_failure_leaves_the_key_anywhere(desk, kind, caplog, capfd):
    here = desk(lambda *_: FAULTS[kind](KEY))
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "httpcore2")  # shows the headers of answers, so what this server echoes

    with pytest.raises(TunesetError) as told:
        here.moderate([row("hello", f"answer {number}") for number in range(30)])

    shown = told_by(told.value) + caplog.text + "".join(capfd.readouterr())
    assert KEY[3:20] not in shown
    assert written(here.folder, KEY) == []


def written(folder, key):
    """The files with the key in them."""
    return [str(file) for file in Path(folder).rglob("*") if file.is_file() and key.encode() in file.read_bytes()]


def test_a_good_run_writes_the_key_nowhere(desk):
    here = desk()
    moderated = here.moderate([row("hello")])

    assert written(here.folder, KEY) == []
    assert any(file.stat().st_size for file in here.folder.iterdir())
    assert KEY not in repr(moderated) + repr(vars(moderated)) + repr(moderated.summary)


def test_the_texts_are_not_written_either(desk):
    here = desk()
    here.moderate([row("a telling text")])

    assert written(here.folder, "a telling text") == []


def test_a_door_does_not_show_its_key():
    door = Door(api_key=KEY, base_url=None, timeout_seconds=1.0)

    assert KEY not in repr(door) + repr(vars(door))


def test_a_key_that_cannot_be_sent_is_in_no_traceback(tmp_path):
    story = f"""if True:
        from pathlib import Path
        from pipeline.core.settings import ModerationSettings
        from pipeline.measure.moderation import moderate
        key = "".join(reversed({KEY[::-1]!r})) + chr(10) + "x"
        moderate([(b"1", "{{}}")], settings=ModerationSettings(), method="sft", api_key=key, base_url=None,
                 cache_folder=Path({str(tmp_path)!r}))
    """
    done = subprocess.run([sys.executable, "-c", story], check=False, capture_output=True, text=True)

    assert "OPENAI_API_KEY" in done.stderr
    assert KEY not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://api.openai.com/v1", "openai/m"),
        ("https://me:secret@proxy.example:8443/v1", "openai@proxy.example/m"),
        ("http://127.0.0.1:8000/v1/", "openai@127.0.0.1/m"),
    ],
)
def test_a_backend_is_named_by_host_and_model_without_user_and_password(address, name):
    assert backend(sound_address(address), "m") == name


def test_a_password_in_the_address_is_not_written(desk):
    here = desk()
    address = here.standin.base_url.replace("//", "//me:secretword@")
    here.moderate([row("hello")], FAST, base_url=address)

    assert written(here.folder, "secretword") == []
