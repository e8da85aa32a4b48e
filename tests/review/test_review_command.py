"""`tuneset review` at the terminal: options, exit codes, and what is printed where."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.moderation.standin import KEY, error
from tests.review.bench import line
from tests.review.reviewer import verdict

ROOT = Path(__file__).parents[2]
ROWS = [line(f"question {number}", "BAD" if number == 3 else "Fine.") for number in range(6)]
PAY = ["--price", "1/4", "--budget", "1", "--all"]


@pytest.fixture
def call(bench, tmp_path):
    here = bench()
    here.file(*ROWS)

    def called(*arguments, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
        told = {
            **clean,
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": here.reviewer.base_url,
            "XDG_CACHE_HOME": str(tmp_path / "home"),
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        command = [sys.executable, "-m", "pipeline", "review", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=told, capture_output=True, text=True, check=False, timeout=120)

    called.here = here
    return called


def test_findings_end_with_1_and_say_place_and_label_but_no_word_of_the_data(call):
    done = call("train.jsonl", "--rubric", "safety", *PAY)

    assert done.returncode == 1, done.stderr
    assert "train.jsonl:4  review.safety  The reviewer's verdict is unsafe." in done.stdout
    assert "5 passed, 1 failed" in done.stdout
    assert "6 of 6 questions to ask: about" in done.stderr
    assert "question" not in done.stdout.replace("questions", "")
    assert KEY not in done.stdout + done.stderr


def test_a_clean_review_ends_with_0_and_a_second_one_asks_nothing(call):
    (call.here.folder / "train.jsonl").write_text(ROWS[0] + "\n")

    assert call("train.jsonl", *PAY).returncode == 0
    again = call("train.jsonl", *PAY, "--format", "json")
    told = json.loads(again.stdout)
    assert (told["asked"], told["from_cache"], told["findings"]) == (0, 2, [])


def test_something_held_is_no_clean_end(call):
    call.here.reviewer.think = lambda told: "PASS"

    assert call("train.jsonl", *PAY, "--rubric", "safety").returncode == 1
    assert call("train.jsonl", *PAY, "--rubric", "safety", "--fail-on", "never").returncode == 0


def test_a_provider_that_gave_up_ends_with_4_and_the_next_run_goes_on(call):
    answered = iter(range(2))
    out_of_credit = error(429, "insufficient_quota")
    call.here.reviewer.trouble = lambda told: out_of_credit if next(answered, None) is None else None
    first = call("train.jsonl", *PAY, "--rubric", "bias")
    call.here.reviewer.trouble = lambda told: None
    second = call("train.jsonl", *PAY, "--rubric", "bias", "--format", "json", "--fail-on", "never")

    assert first.returncode == 4
    assert "4 questions without a verdict" in first.stdout
    assert (second.returncode, json.loads(second.stdout)["asked"]) == (0, 4)


def test_a_spent_budget_ends_with_4(call):
    done = call("train.jsonl", "--price", "1/4", "--budget", "0.00001")

    assert done.returncode == 4
    assert "The budget does not reach for more." in done.stdout


def test_the_estimate_writes_and_asks_nothing(call):
    done = call("train.jsonl", "--estimate", "--price", "1/4")

    assert done.returncode == 0
    assert not call.here.output.exists()
    assert not call.here.reviewer.asked


def test_calibration_prints_agreement_and_kappa(call):
    (call.here.folder / "labels.csv").write_text("line,rubric,label\n1,safety,safe\n4,safety,unsafe\n5,safety,fail\n")
    done = call("train.jsonl", "--rubric", "safety", "--calibrate", "labels.csv", *PAY)

    assert "Agreement on safety: 67% of 3, kappa 0.40" in done.stdout


def test_the_plan_gives_settings_and_files(call):
    folder = call.here.folder
    (folder / "data/processed").mkdir(parents=True)
    (folder / "train.jsonl").rename(folder / "data/processed/train.jsonl")
    (folder / "dataset.toml").write_text(
        '[[source]]\npath = "faq.csv"\ncompose = { recipe = "pairs" }\n'
        '[review]\nrubrics = ["tone"]\nbudget_usd = 1\ninput_usd_per_million_tokens = 1\n'
        'output_usd_per_million_tokens = 4\nabout = { tone = "Warm." }\n'
    )
    done = call("--plan", "dataset.toml", "--fail-on", "never")

    assert done.returncode == 0, done.stderr
    assert (folder / "data/processed/review.jsonl").exists()
    assert "tone" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["train.jsonl", "--budget", "1"], "the price of gpt-4.1-mini is not known", id="no price"),
        pytest.param(["train.jsonl", "--price", "1/4"], "no budget", id="no budget"),
        pytest.param(["train.jsonl", "--price", "cheap"], "expected IN/OUT", id="price without a slash"),
        pytest.param(["train.jsonl", "--budget", "-1"], "no amount of dollars", id="a debt"),
        pytest.param(["train.jsonl", "--rubric", "saftey"], "Did you mean `safety`", id="misspelt"),
        pytest.param(["train.jsonl", *PAY, "--sample", "3"], "exclude each other", id="sample and all"),
        pytest.param(["none.jsonl", *PAY], "none.jsonl: No such file", id="no file"),
        pytest.param([], "name a file", id="nothing"),
    ],
)
def test_a_wrong_set_up_ends_with_2_and_one_sentence(call, arguments, sentence):
    done = call(*arguments)

    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_key_openai_is_not_asked(call):
    done = call("train.jsonl", *PAY, OPENAI_API_KEY="", OPENAI_BASE_URL="")

    assert (done.returncode, "OPENAI_API_KEY: not set" in done.stderr) == (2, True)


def test_a_reason_that_quotes_is_only_in_the_file(call):
    call.here.reviewer.think = lambda told: verdict(told, reason="It says: question 2.")
    done = call("train.jsonl", "--rubric", "safety", *PAY, "--format", "json")

    assert "question 2" not in done.stdout + done.stderr
    assert "question 2" in call.here.output.read_text()
