"""How long a target lives: whether new jobs can be created as of a given day, and when tuned models stop."""

from datetime import date, timedelta
from typing import Literal, NamedTuple, TypeAlias

from pipeline.core.target import Target

State: TypeAlias = Literal["open", "closing", "closed", "shut down"]

SOON_DAYS = 90
"""Days ahead at which an end counts as close: a quarter, which one model's tuning and rollout easily takes."""


class Status(NamedTuple):
    """What can be done at a target on one day."""

    state: State
    days: int | None
    """Days from that day to the last day for new jobs; None without a known end, or when it is past."""
    sentence: str
    """The state with its dates, for the terminal and the report."""

    @property
    def can_train(self) -> bool:
        """Say whether a new job can be created, as far as the dates are known."""
        return self.state in ("open", "closing")


def status(target: Target, on: date, *, soon_days: int = SOON_DAYS) -> Status:
    """Judge the target's dates as of `on`, which the caller hands in: this code has no clock.

    Where the platform promises dates only as "no earlier than", a past date makes it `closing`, never `closed`.
    """
    if target.shutdown is not None and on >= target.shutdown and not target.are_dates_earliest:
        return Status("shut down", None, f"shut down on {target.shutdown}")
    last = last_day(target)
    if last is None:
        return Status("open", None, "open" + _newcomers(target, on))
    if on > last and not target.are_dates_earliest:
        return Status("closed", None, f"closed to new jobs since {last + timedelta(1)}{_end(target)}")
    days = max((last - on).days, 0)
    state: State = "closing" if days <= soon_days else "open"
    until = f"at least until {last}" if target.are_dates_earliest else f"until {last} ({days} days)"
    return Status(state, days, f"{state}: new jobs {until}{_end(target)}{_newcomers(target, on)}")


def last_day(target: Target) -> date | None:
    """Give the last day on which a job can be created: the platform's, or the day before tuned models stop."""
    ends = [target.last_day_for_new_jobs, target.shutdown - timedelta(1) if target.shutdown else None]
    return min((end for end in ends if end is not None), default=None)


def _end(target: Target) -> str:
    if target.shutdown is None:
        return ""
    return f"; tuned models stop {'no earlier than' if target.are_dates_earliest else 'on'} {target.shutdown}"


def _newcomers(target: Target, on: date) -> str:
    closed = target.closed_to_newcomers
    return f"; not for organisations new to it since {closed}" if closed is not None and on >= closed else ""
