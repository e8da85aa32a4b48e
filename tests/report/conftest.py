"""The report of a story, for every test of the room."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.report.model import Report
from pipeline.report.summary import summarise
from tests.report.stories import about, table


@pytest.fixture
def report_of() -> Callable[..., Report]:
    """Give the report of rows named by what matters in them, as `report_of({}, max_tokens=4096)`."""

    def give(*rows: dict[str, Any], **known: Any) -> Report:
        return summarise(table(*rows), about=about(**known))

    return give
