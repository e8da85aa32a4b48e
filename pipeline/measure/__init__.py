"""Facts about each example, apart from judging them."""

from pipeline.measure.stage import Measure

__all__ = ["Measure"]
