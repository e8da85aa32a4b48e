"""The stage that measures lines as the build does."""

from pipeline.core.stage import Stage
from pipeline.measure.stage import Measure
from pipeline.preflight.aim import Aim


def measure(goal: Aim, folders: tuple[str, ...], *, near: bool) -> Stage:
    """Give the stage for an aim; `near` where near twins will be sought."""
    return Measure(encoding=goal.encoding, method=goal.method, near=near, is_lasting=False, folders=folders)
