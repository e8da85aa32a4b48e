"""A stand-in reviewer on loopback for each test that asks for a bench."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.moderation.standin import running
from tests.review.bench import Bench
from tests.review.reviewer import Reviewer, verdict


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    with ExitStack() as stack:
        made = []

        def opened(answer=verdict, *, seconds: float = 0.0) -> Bench:
            made.append(stack.enter_context(running(Reviewer(answer, seconds=seconds))))
            return Bench(made[-1], tmp_path)

        yield opened
    assert [complaint for one in made for complaint in one.complaints] == []
