"""Houses to build in."""

from tests.house.conftest import house

__all__ = ["house"]
