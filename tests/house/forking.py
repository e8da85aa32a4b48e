"""A process of one thread that forks workers, as a check does; a test process has threads, and must not."""

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ |= {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}

import pyarrow as pa

from pipeline.engines.local import Local
from pipeline.engines.ready import forked, may_fork
from tests.house.stages import Deadly, Shout, batches

VOCABULARIES = Path(__file__).parents[2] / ".cache" / "vocabulary"
PLAN = """name = "sums"
[target]
id = "openai/gpt-4.1-mini"
[[source]]
path = "sums.csv"
compose = {{ recipe = "pairs" }}
[write]
folder = "built-{}"
[dedupe]
near = false
[expect]
enabled = false
[drift]
enabled = false
"""
FILES = ("train.jsonl", "validation.jsonl", "rejected.jsonl", "findings.jsonl")
RECORDS = ["a", "b", "c", "d", "e", "f", "g", "h"]


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def loud(engine: Local, records: list[str]) -> None:
    done = pa.concat_tables(engine.run(batches(records, 2), [Deadly(), Shout()]))
    say(*done["loud"].to_pylist(), *done.filter(done["unread"].is_valid())["name"].to_pylist())


def twice() -> None:
    with forked(2) as ready:
        loud(Local(2, ready), RECORDS)
        loud(Local(2, ready), RECORDS)
    say("multiprocessing.forkserver" in sys.modules)


def first() -> None:
    with forked(2, first=partial(say, "first")) as ready:
        loud(Local(2, ready), RECORDS)


def deadly() -> None:
    with forked(2) as ready:
        loud(Local(2, ready), [*RECORDS[:4], "die", *RECORDS[5:]])
        loud(Local(2, ready), RECORDS)


def beside() -> None:
    with forked(2) as ready:
        engine = Local(2, ready)
        there, here = engine.beside(os.getpid), Local(2).beside(os.getpid)
        say(there() != os.getpid(), here() == os.getpid(), engine.beside(partial(_deadly_but_in, os.getpid()))())
        loud(engine, RECORDS)


def _deadly_but_in(process: int) -> str:
    if os.getpid() != process:
        os._exit(9)
    return "done here"


def building() -> None:
    from pipeline.cli import _builders
    from pipeline.cli._progress import Silent
    from pipeline.cli.build import built
    from pipeline.plan import load

    _builders.LARGE_BYTES = 0  # type: ignore[misc]  # of a test's few rows
    with TemporaryDirectory() as folder:
        os.environ |= {"XDG_CACHE_HOME": folder, "TIKTOKEN_CACHE_DIR": str(VOCABULARIES)}
        plan = Path(folder) / "dataset.toml"
        rows = "".join(f"How much is {n} and {n % 97}?,That is {n + n % 97}.\n" for n in range(6_001))
        (Path(folder) / "sums.csv").write_text(f"question,answer\n{rows}")
        files = []
        for workers in (2, 1):
            plan.write_text(PLAN.format(workers))
            outcome = built(plan, load(plan), progress=Silent(), workers=workers, remembers=False)
            files.append({name: (outcome.folder / name).read_bytes() for name in FILES})
            say("multiprocessing.process" in sys.modules, "multiprocessing.forkserver" in sys.modules)
        say(files[0] == files[1], sum(files[0][f"{side}.jsonl"].count(b"\n") for side in ("train", "validation")))


def threads() -> None:
    say(may_fork())
    waiting = threading.Event()
    other = threading.Thread(target=waiting.wait)
    other.start()
    say(may_fork())
    waiting.set()
    other.join()


def killed() -> None:
    keep = forked(2)
    say("forked")
    os.kill(os.getpid(), signal.SIGKILL)
    del keep


def interrupted() -> None:
    pool = forked(2).taken()
    assert pool
    with pool:  # who takes a pool ends it; one that is left to the end of Python now and then complains there
        say(pool.submit(_interrupted_worker).result())


def _interrupted_worker() -> str:
    os.kill(os.getpid(), signal.SIGINT)
    return "went on"


if __name__ == "__main__":
    globals()[sys.argv[1]]()
