"""A loopback stand-in of the API for each test that asks for a desk."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.moderation.desk import Desk
from tests.moderation.standin import Fault, Standin, running


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    with ExitStack() as stack:

        def opened(fault: Fault | None = None, *, seconds: float = 0.0) -> Desk:
            return Desk(stack.enter_context(running(Standin(fault, seconds=seconds))), tmp_path / "cache", stack)

        yield opened
