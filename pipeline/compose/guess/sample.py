"""A sample of records, asked by column."""

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.compose.guess.words import UNFIT, words_of
from pipeline.compose.recipe import Record
from pipeline.core.example import Json

_MOSTLY = 0.5


class Sample(NamedTuple):
    """The first records of a source."""

    records: Sequence[Record]

    @property
    def names(self) -> list[str]:
        """The columns in the order in which they first appear."""
        return list(dict.fromkeys(name for record in self.records for name in record))

    def values(self, name: str) -> list[Json]:
        """Give the column's values that are there and not empty."""
        return [value for record in self.records if (value := record.get(name)) not in (None, "", [], {})]

    def texts(self, name: str) -> list[str]:
        """Give the column's values that are texts with something in them."""
        return [value for value in self.values(name) if isinstance(value, str) and not value.isspace()]

    def holds_text(self, name: str) -> bool:
        """Say whether most records have a text there."""
        return len(self.texts(name)) > len(self.records) * _MOSTLY

    def text_columns(self) -> list[str]:
        """Give the columns of text, without ids, links, dates and the like."""
        return [name for name in self.names if self.holds_text(name) and not UNFIT & set(words_of(name))]

    def is_wordy(self, name: str) -> bool:
        """Say whether most of the column's texts hold a letter, and not all are the same."""
        texts = self.texts(name)
        with_letters = sum(any(map(str.isalpha, text)) for text in texts)
        return with_letters > len(texts) * _MOSTLY and (len(texts) == 1 or len(set(texts)) > 1)

    def lists(self, name: str) -> list[list[Json]]:
        """Give the column's values that are lists, when most are."""
        found = [value for value in self.values(name) if isinstance(value, list)]
        return found if len(found) > len(self.records) * _MOSTLY else []

    def elements(self, name: str) -> list[dict[str, Json]]:
        """Give the objects in the column's lists."""
        return [element for value in self.lists(name) for element in value if isinstance(element, dict)]

    def mean_length(self, name: str) -> float:
        """Give the mean length of the column's texts in characters."""
        texts = self.texts(name)
        return sum(map(len, texts)) / len(texts) if texts else 0.0

    def is_label(self, name: str) -> bool:
        """Say whether the column's values are few, short and come again, as labels do."""
        if UNFIT & set(words_of(name)):
            return False
        values = [str(value) for value in self.values(name) if isinstance(value, str | int | bool)]
        many = 8
        if len(values) < many or len(values) <= len(self.records) * _MOSTLY:
            return False
        distinct = set(values)
        return 1 < len(distinct) <= len(values) * _MOSTLY and all(len(value) <= 60 for value in distinct)  # noqa: PLR2004 - a label is read at a glance
