"""How long a check takes, beside the format and token steps of OpenAI's notebook: python bench/check.py FOLDER [ROWS].

Both run on the same file, in processes of their own, in turns (notebook, check, notebook, check, ...); the ratio is that
of the medians. The notebook's part is its loading, format checks and token counts alone (examples/Chat_finetuning_data_prep.ipynb
of the OpenAI cookbook, MIT, commit 2e652704), written anew and counting in o200k_base; the check does all of its rules,
exact counts, near-duplicates and the price besides. `--memory` runs the check alone on 1,000,000 rows and gives the peak.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from harvest import harvest, payload, recombined

RUNS = 3
ROLES = frozenset({"system", "user", "assistant", "function"})
KEYS = frozenset({"role", "content", "name", "function_call", "weight"})
WINDOW = 65_536


def main() -> None:
    if sys.argv[1] == "--notebook":
        notebook(Path(sys.argv[2]))
        return
    is_memory = "--memory" in sys.argv
    words = [word for word in sys.argv[1:] if word != "--memory"]
    rows = int(words[1]) if len(words) > 1 else 1_000_000 if is_memory else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.jsonl"
        write(path, Path(words[0]), rows)
        print(f"{rows:,} examples, {path.stat().st_size / 1e6:,.0f} MB")
        if is_memory:
            seconds, peak = memory(path)
            print(f"check: {seconds:.1f} s, {peak / 1e6:,.0f} MB resident at most, all processes together")
        else:
            compare(path)


def write(path: Path, folder: Path, rows: int) -> None:
    """Write real exchanges in new sequences, a tenth of the rows with a system turn."""
    conversations = recombined(harvest(folder), rows)
    with path.open("w", encoding="utf-8") as file:
        for number, turns in enumerate(conversations):
            clean = tuple(text.strip() or "-" for text in turns)
            file.write(payload(clean, system="You are helpful." if number % 10 == 0 else None) + "\n")


def compare(path: Path) -> None:
    ours = [sys.executable, "-m", "pipeline", "check", str(path), "--fail-on", "never"]
    theirs = [sys.executable, __file__, "--notebook", str(path)]
    taken: dict[str, list[tuple[float, float]]] = {"notebook": [], "check": []}
    for _ in range(RUNS):
        for name, command in (("notebook", theirs), ("check", ours)):
            taken[name].append(timed(command))
            print(f"{name:>8}: {taken[name][-1][0]:6.2f} s wall, {taken[name][-1][1]:6.2f} s CPU")
    wall = {name: statistics.median(one[0] for one in runs) for name, runs in taken.items()}
    cpu = {name: statistics.median(one[1] for one in runs) for name, runs in taken.items()}
    print(
        f"check / notebook: {wall['check'] / wall['notebook']:.3f} of the wall time, {cpu['check'] / cpu['notebook']:.3f} of the CPU time"
    )


def timed(command: list[str]) -> tuple[float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=Path(__file__).parents[1])
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def memory(path: Path) -> tuple[float, int]:
    """Run the check and give its seconds, and the largest sum of its processes' resident bytes, looked at ten times a second."""
    began, peak = time.perf_counter(), 0
    command = [sys.executable, "-m", "pipeline", "check", str(path), "--fail-on", "never"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[1]) as process:
        while process.poll() is None:
            peak = max(peak, sum(private_bytes(one) for one in family(process.pid)))
            time.sleep(0.1)
    return time.perf_counter() - began, peak


def family(pid: int) -> list[int]:
    """Give a process and all below it (Linux)."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in family(int(child)))]


def private_bytes(pid: int) -> int:
    """Give the proportional resident size: pages of the mapped file and of shared libraries count once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def notebook(path: Path) -> None:
    """Load, look for format errors, count tokens: what the notebook does, in its order and no faster."""
    from pipeline.measure.counter import oracle

    encoding = oracle("o200k_base")._encoding  # noqa: SLF001 - tiktoken itself
    with path.open(encoding="utf-8") as file:
        dataset = [json.loads(line) for line in file]
    print(len(dataset), dict(format_errors(dataset)))
    totals, answers, turns = [], [], []
    for example in dataset:
        messages = example["messages"]
        turns.append(len(messages))
        totals.append(3 + sum(message_tokens(message, encoding) for message in messages))
        answers.append(sum(len(encoding.encode(one["content"])) for one in messages if one["role"] == "assistant"))
    for values in (turns, totals, answers):
        print(
            min(values),
            max(values),
            np.mean(values),
            np.median(values),
            np.quantile(values, 0.1),
            np.quantile(values, 0.9),
        )
    print(sum(total > WINDOW for total in totals), sum(min(WINDOW, total) for total in totals))


def message_tokens(message: dict[str, str], encoding: Any) -> int:
    return 3 + sum(len(encoding.encode(value)) + (key == "name") for key, value in message.items())


def format_errors(dataset: list[Any]) -> Counter[str]:
    errors: Counter[str] = Counter()
    for example in dataset:
        if not isinstance(example, dict) or not example.get("messages"):
            errors["shape"] += 1
            continue
        for message in example["messages"]:
            content, call = message.get("content"), message.get("function_call")
            errors["missing key"] += "role" not in message or "content" not in message
            errors["unknown key"] += any(key not in KEYS for key in message)
            errors["unknown role"] += message.get("role") not in ROLES
            errors["missing content"] += (not content and not call) or not isinstance(content, str)
        errors["no answer"] += not any(message.get("role") == "assistant" for message in example["messages"])
    return +errors


if __name__ == "__main__":
    main()
