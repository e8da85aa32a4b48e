"""A few short texts counted by tiktoken itself, without loading what only many texts need.

Byte pair encoding asks the table of merges for parts of the text and for nothing else, so a table of the tokens that occur in
the texts gives the very counts of the whole one. It is ready in a third of the time that either whole table takes to load.
"""

from binascii import a2b_base64
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from pipeline.measure.counter import Counts, whole_text
from pipeline.measure.vocabulary import ranks, vocabulary

FEW_LETTERS: Final = 1 << 14
"""Characters up to which a batch is few texts: looking for its tokens takes some 30 milliseconds."""
SHORT: Final = 24
"""Bytes of tokens that are looked up for each place in the text; the rare longer ones are sought in the whole of it."""


class Few:
    """Counts by tiktoken with the merges that the texts can use."""

    def __init__(self, encoding: str, folders: tuple[str, ...] = ()) -> None:
        import tiktoken

        words = ranks(encoding, folders=folders).split()
        self.name = f"tiktoken {tiktoken.__version__}"
        self._vocabulary = vocabulary(encoding)
        self._merges = dict(zip(map(a2b_base64, words[::2]), map(int, words[1::2]), strict=True))
        self._long = [token for token in self._merges if len(token) > SHORT]

    def counts(self, texts: Sequence[str]) -> Counts:
        """Give the number of tokens of each text."""
        import tiktoken

        encoding = tiktoken.Encoding(
            "few", pat_str=self._vocabulary.pattern, mergeable_ranks=self._used_by(texts), special_tokens={}
        )
        return np.fromiter((len(encoding.encode_ordinary(text)) for text in texts), np.int64, len(texts))

    def _used_by(self, texts: Sequence[str]) -> dict[bytes, int]:
        """Give every token that is a part of some text, and all single bytes."""
        letters = "\n".join(whole_text(text) for text in dict.fromkeys(texts)).encode()
        places = range(len(letters))
        parts = {letters[at : at + size] for size in range(2, SHORT + 1) for at in places}
        parts |= {bytes([byte]) for byte in range(256)} | {token for token in self._long if token in letters}
        return {token: self._merges[token] for token in parts & self._merges.keys()}


@cache
def few(encoding: str, folders: tuple[str, ...] = ()) -> Few:
    """Give the counter of few texts, loaded once a process."""
    return Few(encoding, folders)
