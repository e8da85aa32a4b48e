"""A process of one thread that forks workers, as a check does; a test process has threads, and must not."""

import os
import signal
import sys
import threading
from functools import partial

os.environ |= {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}

import pyarrow as pa

from pipeline.engines.local import Local
from pipeline.engines.ready import Ready, may_fork
from tests.house.stages import Deadly, Shout, batches

RECORDS = ["a", "b", "c", "d", "e", "f", "g", "h"]


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def loud(engine: Local, records: list[str]) -> None:
    done = pa.concat_tables(engine.run(batches(records, 2), [Deadly(), Shout()]))
    say(*done["loud"].to_pylist(), *done.filter(done["unread"].is_valid())["name"].to_pylist())


def twice() -> None:
    engine = Local(2, Ready(2))
    loud(engine, RECORDS)
    loud(engine, RECORDS)


def first() -> None:
    loud(Local(2, Ready(2, first=partial(say, "first"))), RECORDS)


def deadly() -> None:
    loud(Local(2, Ready(2)), [*RECORDS[:4], "die", *RECORDS[5:]])


def threads() -> None:
    say(may_fork())
    waiting = threading.Event()
    other = threading.Thread(target=waiting.wait)
    other.start()
    say(may_fork())
    waiting.set()
    other.join()


def killed() -> None:
    keep = Ready(2)
    say("forked")
    os.kill(os.getpid(), signal.SIGKILL)
    del keep


def interrupted() -> None:
    pool = Ready(2).taken()
    assert pool
    with pool:  # who takes a pool ends it; one that is left to the end of Python now and then complains there
        say(pool.submit(_interrupted_worker).result())


def _interrupted_worker() -> str:
    os.kill(os.getpid(), signal.SIGINT)
    return "went on"


if __name__ == "__main__":
    globals()[sys.argv[1]]()
