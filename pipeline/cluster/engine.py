"""What the steps of a distributed build ask of an engine: run this work for each of these numbers, somewhere."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, TypeVar

R = TypeVar("R")


class Engine(Protocol):
    """Runs tasks on machines that see the same storage.

    A task may run more than once, even at the same time in two places; it saves the same bytes under the same names.
    """

    def each(
        self, work: Callable[[int], R], numbers: Iterable[int], *, careful: Callable[[int], R] | None = None
    ) -> list[R]:
        """Give the answers in the order of the numbers; `work` pickles, its answers are small.

        `careful` does the same in a way that survives what kills a worker; it is asked where `work` always dies.
        """
        ...


class Here(NamedTuple):
    """The stand-in: one after the other, in this process. For tests and debuggers."""

    def each(
        self,
        work: Callable[[int], R],
        numbers: Iterable[int],
        *,
        careful: Callable[[int], R] | None = None,  # noqa: ARG002 - nobody dies here alone
    ) -> list[R]:
        """Give the answers in the order of the numbers."""
        return [work(number) for number in numbers]
