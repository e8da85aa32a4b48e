"""The process of the gate, as it begins: it loads for seconds, so it may begin before anything else is imported."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

GateProcess: TypeAlias = subprocess.Popen[bytes]
_PROGRAM: Final = Path(__file__).with_name("gate.py")


def gate_process() -> GateProcess:
    """Start it; `expectations.Gate` asks and ends it."""
    return subprocess.Popen(  # noqa: S603 - our own file, by this interpreter
        [sys.executable, "-P", str(_PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@contextmanager
def early_gate() -> Iterator[GateProcess]:
    """Start it before it is known whether it will be asked; it is gone when the block ends."""
    with gate_process() as process:
        try:
            yield process
        finally:
            process.kill()
