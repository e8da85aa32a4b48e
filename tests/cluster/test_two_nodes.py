"""Two nodes give the bytes of one machine, and a node that dies in the middle neither loses nor doubles a row."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.chats import chats
from tests.cluster.two_nodes import STEPS
from tests.house.house import House

pytest.importorskip("ray", reason="needs the extra: pip install 'tuneset[cluster]'")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("nodes")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.cluster.two_nodes", str(folder)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return folder, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("step", STEPS)
def test_a_node_that_dies_is_not_seen_in_the_files(
    told: tuple[Path, dict[str, Any]], tmp_path: Path, step: str
) -> None:
    folder, result = told
    embedded = House(tmp_path).write(faq_csv=chats(220))
    embedded.build()

    assert step in result["killed"]
    assert embedded.published() == House(folder / step).published()


def test_a_task_that_kills_every_worker_is_done_with_care(told: tuple[Path, dict[str, Any]]) -> None:
    _, result = told

    assert [0, 1, 2, -3, 4, 5] == result["answers"]
