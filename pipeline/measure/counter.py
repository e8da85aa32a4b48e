"""Counting tokens exactly: tiktoken is the oracle, gigatoken the fast counter that must prove itself against it.

gigatoken is enabled by a self-test when it is loaded, and a sample of every large batch is counted by tiktoken as well;
where it is absent or once unequal, tiktoken counts. Control-token text (`<|endoftext|>`) counts as the plain text it is.
"""

import re
from binascii import a2b_base64
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

from pipeline.measure.vocabulary import rank_file, ranks, vocabulary

if TYPE_CHECKING:
    from gigatoken.gigatoken_rs import BPETokenizer
    from tiktoken import Encoding

Counts = npt.NDArray[np.int64]

SAMPLE_EVERY: Final = 256
"""One text of so many is counted a second time, by tiktoken. Batches of fewer texts rely on the self-test alone, so
that a small check need not load tiktoken's tables (0.7 CPU-seconds)."""

_GAP: Final = "[\\t\\x0b\\x0c \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]"
_LONG_GAP: Final = re.compile(f"(?<!{_GAP}){_GAP}{{100000,}}+")
"""White space within one line. Where no line break follows, tiktoken's o200k_base pattern overflows its stack on 1,000,000 such
characters and panics; 500,000 pass."""
_GAP_KEPT: Final = 1000

SELF_TEST: Final = (
    "The quick brown fox jumps over the lazy dog's tail; it's 12345.67 o'clock, ISN'T IT?",
    "  indented\n\n\tlines \r\n\r\n   and trailing space   ",
    "<|endoftext|><|endofprompt|><|fim_suffix|><|im_start|>assistant",
    "Größe, naïve, São Paulo, Łódź, Ελλάδα, Москва, İstanbul, ﬁligree, x², Ⅷ",
    "你好，世界。今天天气怎么样？日本語の文章とひらがな。한국어 문장입니다. ภาษาไทยไม่มีช่องว่าง",
    "हिन्दी में संयुक्ताक्षर العربية עברית e\u0301 \u200b\u200d \ufeff \x00\x7f\x85\u2028",
    "👩‍👩‍👧‍👦 🇩🇪 ☃️ 🤷🏽 def f(x):\n    return {'a': [x**2 for x in range(10)]}  # ok!!!///\n/",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" + " " * 300 + "b" + "\n" * 70,
)
SELF_TEST_COUNTS: Final = {
    "o200k_base": (25, 11, 24, 29, 31, 21, 49, 18),
    "cl100k_base": (27, 11, 25, 41, 59, 46, 60, 16),
}
"""What tiktoken counts for these texts; a test recounts them."""


SCHEMES: Final = {"o200k_base": "o200k", "cl100k_base": "gpt4"}
"""gigatoken's names of the patterns by which text is cut."""

BETWEEN: Final = b"\x00\x1e\x01\x02\x03"
"""Parts texts that are encoded as one, as a token of its own. No byte of it recurs, so that it begins nowhere but where it
stands, whatever is beside it."""
LIGHT: Final = b" 951\r"
"""Parts texts as well, by three pieces of plain text: beside what is no white space both patterns cut it from what stands before
(a space in front of a digit goes with nothing) and behind (a line break goes with white space alone). To cut at a token of its
own takes 0.7 microseconds. As long as BETWEEN."""
_FIRST_PRINTED, _LAST_PRINTED = b"!~"
LONG: Final = 500
"""Bytes from which on it is asked whether a text recurs in a batch, as a system prompt does: to tell short ones apart takes
as long as to count them."""


class Counter(Protocol):
    """Counts the tokens of texts in one encoding."""

    @property
    def name(self) -> str:
        """Who counts, with version: `gigatoken 0.10.0`."""
        ...

    def counts(self, texts: Sequence[str]) -> Counts:
        """Give the number of tokens of each text."""
        ...

    def __hash__(self) -> int: ...


class Oracle:
    """tiktoken itself, on the rank file of the package, and unable to panic."""

    def __init__(self, encoding: str, *, folders: Sequence[str] = ()) -> None:
        import tiktoken

        known = vocabulary(encoding)
        words = ranks(encoding, folders=folders).split()
        merges = dict(zip(map(a2b_base64, words[::2]), map(int, words[1::2]), strict=True))
        self.name = f"tiktoken {version('tiktoken')}"
        self._encoding: Encoding = tiktoken.Encoding(
            encoding, pat_str=known.pattern, mergeable_ranks=merges, special_tokens=dict(known.special)
        )

    def counts(self, texts: Sequence[str]) -> Counts:
        """Give the number of tokens of each text."""
        return np.fromiter(map(self._count, texts), np.int64, len(texts))

    def _count(self, text: str) -> int:
        if len(text) < _GAP_KEPT * 100 or not _LONG_GAP.search(text):
            return len(self._encoding.encode_ordinary(text))
        short, change = "", 0
        for kept, gap, is_last in _gaps(text):
            short += kept + gap[:_GAP_KEPT]
            change += self._piece(gap, is_last=is_last) - self._piece(gap[:_GAP_KEPT], is_last=is_last) if gap else 0
        return len(self._encoding.encode_ordinary(short)) + change

    def _piece(self, gap: str, *, is_last: bool) -> int:
        """Count a gap as the one piece that the pattern cuts it to: all of it, or all but its last character.

        The last character goes with the word that follows. Exact, because merges never cross pieces.
        """
        return len(self._encoding._encode_single_piece(gap if is_last else gap[:-1]))  # noqa: SLF001 - no public way


class Fast:
    """gigatoken on the same rank file, watched by the oracle and replaced by it at the first unequal count."""

    def __init__(self, encoding: str, *, folders: Sequence[str]) -> None:
        from gigatoken import gigatoken_rs

        with rank_file(encoding, folders=folders) as path:
            self._between = max(vocabulary(encoding).special.values()) + 1
            special = {BETWEEN.decode(): self._between}
            self._tokenizer: BPETokenizer = gigatoken_rs.BPETokenizer.from_tiktoken(path, SCHEMES[encoding], special)
        self._light = self._tokenizer.encode(LIGHT)
        self._encoding, self._folders = encoding, tuple(folders)
        self._is_trusted = tuple(self._fast(SELF_TEST)) == SELF_TEST_COUNTS[encoding]
        self._sample_every: int | None = SAMPLE_EVERY

    @property
    def name(self) -> str:
        """Who counts."""
        return f"gigatoken {version('gigatoken')}" if self._is_trusted else self._oracle.name

    def counts(self, texts: Sequence[str]) -> Counts:
        """Give the number of tokens of each text."""
        if not self._is_trusted:
            return self._oracle.counts(texts)
        counts, every = self._fast(texts), self._sample_every
        if every is None or len(texts) < SAMPLE_EVERY:
            return counts
        sample = slice(every // 2, None, every)
        if (self._oracle.counts(texts[sample]) != counts[sample]).any():
            self._is_trusted = False
            return self._oracle.counts(texts)
        return counts

    def leave_watching(self) -> None:
        """Count without the oracle from now on: another process of the same run watches, see `watch`."""
        self._sample_every = None

    def watch(self, *, workers: int) -> None:
        """Load the oracle and let it count a sample for so many processes, of which only this one does."""
        self._sample_every = max(SAMPLE_EVERY // workers, 1)
        oracle(self._encoding, self._folders)

    @property
    def _oracle(self) -> Oracle:
        return oracle(self._encoding, self._folders)

    def _fast(self, texts: Sequence[str]) -> Counts:
        try:
            return self._lengths(list(map(str.encode, texts)))
        except UnicodeEncodeError:  # a lone surrogate is no UTF-8
            return self._lengths([whole_text(text).encode() for text in texts])

    def _lengths(self, texts: list[bytes]) -> Counts:
        """Count the tokens between what parts the texts: half of what it takes to encode text by text.

        Batches of the tokenizer's own are no faster cold, and import awkward, which takes 0.3 s.
        """
        which, sizes = _once(texts)
        whole = np.frombuffer(bytearray(BETWEEN.join((b"", *texts))), np.uint8)
        begins = np.cumsum(sizes + len(BETWEEN)) - sizes
        gaps = begins[:, None] + np.arange(-len(BETWEEN), 0)
        for is_light in (_may_touch(whole, begins, sizes), np.zeros(len(texts), dtype=bool)):
            whole[gaps] = np.where(is_light[:, None], *(np.frombuffer(gap, np.uint8) for gap in (LIGHT, BETWEEN)))
            counts = self._parted(self._tokenizer.encode(whole.tobytes()), is_light)
            if counts is not None:
                return counts[which]
        return self._oracle.counts([text.decode() for text in texts])[which]

    def _parted(self, tokens: npt.NDArray[np.uint32], is_light: npt.NDArray[np.bool_]) -> Counts | None:
        """Count the tokens of each text; None where some text holds the same tokens as what parts texts."""
        first, second, third = self._light
        light = np.flatnonzero(tokens[1:-1] == second)
        light = light[(tokens[light] == first) & (tokens[light + 2] == third)]
        begins = np.zeros(len(is_light), np.int64)
        for found, which in ((light, is_light), (np.flatnonzero(tokens == self._between), ~is_light)):
            if len(found) != np.count_nonzero(which):
                return None
            begins[which] = found
        return np.append(begins[1:], len(tokens)) - begins - np.where(is_light, len(self._light), 1)


@cache
def oracle(encoding: str, folders: tuple[str, ...] = ()) -> Oracle:
    """Give tiktoken for an encoding, loaded once a process; `folders` as in `rank_file`."""
    return Oracle(encoding, folders=folders)


@cache
def counter(encoding: str, folders: tuple[str, ...] = ()) -> Counter:
    """Give the counter of an encoding, loaded once a process: the fast one where it can be had and is equal."""
    vocabulary(encoding)
    try:
        return Fast(encoding, folders=folders)
    except (ImportError, AttributeError, KeyError, ValueError):  # absent, or of another version than we know
        return oracle(encoding, folders)


def _once(texts: list[bytes]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Empty long texts that recur, but the first of each; give the number of each text's first, and the sizes that are left."""
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    which = np.arange(len(texts))
    first: dict[bytes, int] = {}
    for at in np.flatnonzero(sizes >= LONG).tolist():
        which[at] = first.setdefault(texts[at], at)
    for again in np.flatnonzero(which != np.arange(len(texts))).tolist():
        texts[again], sizes[again] = b"", 0
    return which, sizes


def _may_touch(
    letters: npt.NDArray[np.uint8], begins: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Say of each text whether it begins, and the one before it ends, with a printed character of ASCII."""
    first, last = letters[np.minimum(begins, len(letters) - 1)], letters[begins + sizes - 1]
    may_begin, may_end = ((edge >= _FIRST_PRINTED) & (edge <= _LAST_PRINTED) & (sizes > 0) for edge in (first, last))
    may_begin[1:] &= may_end[:-1]
    may_begin[:1] = False
    return may_begin


def _gaps(text: str) -> Iterator[tuple[str, str, bool]]:
    """Give the text before each overlong gap, the gap, and whether the text ends with it; last, the rest."""
    start = 0
    for match in _LONG_GAP.finditer(text):
        if text[match.end() : match.end() + 1] in {"\r", "\n"}:
            continue
        yield text[start : match.start()], match.group(), match.end() == len(text)
        start = match.end()
    yield text[start:], "", True


def whole_text(text: str) -> str:
    """Give the text as tiktoken reads it: surrogate pairs joined, lone ones as U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
