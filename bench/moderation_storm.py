"""Moderation through every fault and ten kill -9 at random moments: python bench/moderation_storm.py --help.

Prints what came of it and exits 1 where a text was not judged exactly once in the result, a row was falsely clean, more
was asked again than was in flight, or the stand-in saw more in any minute than the limits and one request.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pipeline.core.settings import ModerationSettings  # noqa: E402
from pipeline.measure.moderation import Moderated, Patience, moderate  # noqa: E402
from tests.moderation.desk import row  # noqa: E402
from tests.moderation.standin import KEY, Fault, Reply, Standin, error, result, running  # noqa: E402
from tests.moderation.test_faults import FAULTS  # noqa: E402

PATIENCE = Patience(timeout_seconds=2.0, attempts=20, backoff_seconds=0.1, give_up_seconds=60, lease_seconds=3.0)
CONCURRENCY, TEXTS_PER_REQUEST = 32, 32


def text(number: int) -> str:
    return f"text {number} of a usual length for a turn in a chat" + (" BAD:hate" if number % 100 == 0 else "")


def judged(base_url: str, folder: str, asked: argparse.Namespace) -> Moderated:
    settings = ModerationSettings(
        requests_per_minute=asked.requests_per_minute,
        tokens_per_minute=asked.tokens_per_minute,
        concurrency=CONCURRENCY,
    )
    rows = (row(text(number)) for number in range(asked.texts))
    given = {"method": "sft", "api_key": KEY, "base_url": base_url, "cache_folder": Path(folder)}
    return moderate(rows, settings=settings, patience=PATIENCE, **given)


def fault(share: float, chance: random.Random) -> Fault:
    kinds = [kind for name, kind in FAULTS.items() if name != "no answer in time"]
    kinds += [lambda _: Reply(seconds=3.0), lambda _: error(429, None, retry_after="1")]

    def one(_: Standin, texts: list[str]) -> Reply | None:
        if chance.random() < 0.1:  # slow, but in time
            return Reply(body=json.dumps({"model": "m", "results": [result(t) for t in texts]}).encode(), seconds=1.0)
        return chance.choice(kinds)(texts) if chance.random() < share else None

    return one


def most_in_a_minute(requests: list[tuple[float, int, int]], column: int) -> int:
    """Give the largest sum in any 60 seconds, without its heaviest request."""
    window: deque[tuple[float, int]] = deque()
    most = total = 0
    for entry in requests:
        weight = 1 if column == 0 else entry[column]
        window.append((entry[0], weight))
        total += weight
        while window[0][0] <= entry[0] - 60:
            total -= window.popleft()[1]
        most = max(most, total - max(weight for _, weight in window))
    return most


def killed_on_the_way(standin: Standin, folder: str, asked: argparse.Namespace, chance: random.Random) -> int:
    command = [sys.executable, __file__, *sys.argv[1:], "--client", standin.base_url, folder]
    for kill in range(asked.kills):
        child = subprocess.Popen(command)
        began = len(standin.requests)
        while len(standin.requests) == began:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, asked.seconds_between_kills))
        if child.poll() is not None:
            return kill
        child.send_signal(signal.SIGKILL)
        child.wait()
    return asked.kills


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seconds-between-kills", type=float, default=8.0)
    parser.add_argument("--faults", type=float, default=0.2, help="share of requests that fail")
    parser.add_argument("--requests-per-minute", type=int, default=5_000)
    parser.add_argument("--tokens-per-minute", type=int, default=500_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--client", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.client:
        judged(*asked.client, asked).close()
        return 0
    chance = random.Random(asked.seed)
    standin = Standin(fault(asked.faults, chance), seconds=0.1)
    began = time.monotonic()
    with running(standin), tempfile.TemporaryDirectory() as folder:
        kills = killed_on_the_way(standin, folder, asked, chance)
        with judged(standin.base_url, folder, asked) as moderated:
            names = [row(text(number))[0] for number in range(asked.texts)]
            facts = [
                fact for start in range(0, len(names), 500) for fact in moderated.facts(names[start : start + 500])
            ]
    wrong = sum(
        fact is None or fact.state != "verified" or ("hate" in fact.categories) != (number % 100 == 0)
        for number, fact in enumerate(facts)
    )
    again = sum(count - 1 for count in standin.texts.values() if count > 1)
    told = {
        "texts": asked.texts,
        "kills": kills,
        "rows_wrong_or_unjudged": wrong,
        "answered_again": again,
        "most_in_flight_over_all_kills": kills * CONCURRENCY * TEXTS_PER_REQUEST,
        "requests": len(standin.requests),
        "most_requests_a_minute": most_in_a_minute(standin.requests, 0),
        "most_tokens_a_minute": most_in_a_minute(standin.requests, 2),
        "complaints": len(standin.complaints),
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(told, indent=2))
    is_good = not wrong and again <= told["most_in_flight_over_all_kills"] and not standin.complaints
    is_within = (
        told["most_requests_a_minute"] <= asked.requests_per_minute
        and told["most_tokens_a_minute"] <= asked.tokens_per_minute
    )
    return 0 if is_good and is_within else 1


if __name__ == "__main__":
    sys.exit(main())
