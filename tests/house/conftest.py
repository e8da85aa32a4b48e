"""Houses to build in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give an empty house."""
    return House(tmp_path)


@pytest.fixture
def new_house(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], House]:
    """Give a builder of empty houses, for laws that need many."""
    return lambda: House(tmp_path_factory.mktemp("house"))
