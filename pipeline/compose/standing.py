r"""Which records ship as they stand: plain conversations in which no repair has anything to do.

Two expressions of RE2 are asked of a whole batch, 3 µs a row, where parsing and walking one costs 100. They may miss a
record, which then goes the long way, and never take one in which the long way would change anything.
"""

from functools import cache, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.compose.letters import SAFE, SPACES, restless
from pipeline.compose.mend import mojibake_pattern
from pipeline.compose.outline import Outline
from pipeline.core.lines import Lines
from pipeline.core.settings import MendSettings


def standing(records: pa.Array, mend: MendSettings) -> pa.Array:
    """Say of each record whether it is a plain conversation that nothing mends; null where there is none."""
    return _unchanging(records, _plain_chat(*_letters(mend)), mend)


def are_turns(lines: pa.Array, outline: Outline, mend: MendSettings) -> pa.Array:
    """Say whether each line is a conversation as outlined, in canonical form, that nothing mends; null where there is none."""
    told = tuple((spoken.role, spoken.is_optional) for spoken in outline)
    return _unchanging(lines, _plain_turns(told, *_letters(mend)), mend)


def _unchanging(lines: pa.Array, pattern: str, mend: MendSettings) -> pa.Array:
    searched = Lines(lines)
    plain = searched.whole(pattern)
    asked = plain[_mask(pc.invert(pc.string_is_ascii(lines)))[plain]]  # half of the time
    changing = asked[searched.taken(asked).matching(_changing(has_mojibake=mend.mojibake))]
    stands = np.zeros(len(lines), dtype=bool)
    stands[plain] = True
    stands[changing] = False
    return pa.array(stands, mask=_mask(lines.is_null()))


def _mask(said: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(said, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)


@lru_cache(maxsize=4)
def _plain_chat(letters: str, spaces: str) -> str:
    r"""Give the expression of the whole line: turns of a role and one text, as JSON writes it, without `\u`."""
    text = f"(?:{_text(letters, spaces, escaped=_SLASH)})?"
    turn = rf'\{{"role": ?"(?:system|developer|user|assistant)", ?"content": ?"{text}"\}}'
    return rf'\{{"messages": ?\[{turn}(?:, ?{turn})*\]\}}'


@lru_cache(maxsize=256)
def _plain_turns(told: tuple[tuple[str, bool], ...], letters: str, spaces: str) -> str:
    """Give the expression of a line of turns with these roles, any of which may be left out or not, none of them empty."""
    text = _text(letters, spaces)
    turns = [rf'\{{"role":"{role}","content":"{text}"\}},' for role, _ in told]
    some = [f"(?:{turn})?" if is_optional else turn for turn, (_, is_optional) in zip(turns, told, strict=True)]
    return rf'\{{"messages":\[{"".join(some)[:-1]}\]\}}'


_SLASH: Final = "/"
"""JSON may write it with a backslash; `canonical` does not."""


def _text(letters: str, spaces: str, *, escaped: str = "") -> str:
    """Give the expression of a text: it begins and ends with a visible character.

    Between two stand at most two line feeds, then white space.
    """
    seen = rf'(?:[!#-%\'-;=-\[\]-~{letters}]|\\["\\{escaped}])'
    return rf"{seen}(?:(?:\\n){{0,2}}(?:[ {spaces}]|\\t)*{seen})*"


def _letters(mend: MendSettings) -> tuple[str, str]:
    """Give the letters beside ASCII's own that stay as they are, and the spaces."""
    markup = "" if mend.html else "&<"
    return (markup, "") if mend.unicode == "NFKC" else (markup + SAFE, SPACES)


@cache
def _changing(*, has_mojibake: bool) -> str:
    """Give what finds letters of a plain conversation that change together."""
    return f"{mojibake_pattern()}|{restless()}" if has_mojibake else restless()
