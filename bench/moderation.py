"""How much of the account's limit moderation uses, and what it costs in CPU: python bench/moderation.py --help.

A stand-in on loopback answers after a set time and counts; the client runs in a process of its own, so that its CPU
time is its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pipeline.core.settings import ModerationSettings  # noqa: E402
from pipeline.measure.moderation import Patience, moderate  # noqa: E402
from tests.moderation.desk import row  # noqa: E402
from tests.moderation.standin import KEY, Standin, running  # noqa: E402


def client(base_url: str, folder: str, asked: argparse.Namespace) -> None:
    """Moderate so many texts, each different, and print what it took."""
    settings = ModerationSettings(
        requests_per_minute=asked.requests_per_minute,
        tokens_per_minute=asked.tokens_per_minute,
        max_texts_per_request=asked.texts_per_request,
    )
    rows = (
        row(f"text {number} of a usual length for a turn in a chat, give or take a few")
        for number in range(asked.texts)
    )
    given = {"method": "sft", "api_key": KEY, "base_url": base_url, "cache_folder": Path(folder)}
    began = time.process_time()
    with moderate(rows, settings=settings, patience=Patience(), **given) as moderated:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        cpu = time.process_time() - began
        summary = moderated.summary
    told = {"requests": summary.requests, "seconds": summary.seconds, "verified": summary.verified}
    print(json.dumps({**told, "cpu_seconds": cpu, "memory_mib": memory}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=3_000)
    parser.add_argument("--texts-per-request", type=int, default=1)
    parser.add_argument("--requests-per-minute", type=int, default=5_000)
    parser.add_argument("--tokens-per-minute", type=int, default=10_000_000)
    parser.add_argument("--answer-seconds", type=float, default=0.1)
    parser.add_argument("--client", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.client:
        client(*asked.client, asked)
        return
    with running(Standin(seconds=asked.answer_seconds)) as standin, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, *sys.argv[1:], "--client", standin.base_url, folder]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        times = [when for when, _, _ in standin.requests]
    rate = (len(times) - 1) / (times[-1] - times[0]) * 60
    told["requests_per_minute"] = round(rate)
    told["share_of_limit"] = round(rate / asked.requests_per_minute, 3)
    told["cpu_cores"] = round(told["cpu_seconds"] / told["seconds"], 2)
    told["most_in_flight"] = standin.most_in_flight
    told["cache_bytes_per_text"] = round(size / asked.texts)
    told["asked_twice"] = sum(count > 1 for count in standin.seen.values())
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
