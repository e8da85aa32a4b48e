r"""Which records ship as they stand: plain conversations in which no repair has anything to do.

Arrow asks two expressions of RE2 of a whole batch, 1.5 µs a row, where parsing and walking one costs 40. They may miss a
record, which then goes the long way, and never take one in which the long way would change anything.
"""

from functools import lru_cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.compose.mend import mojibake_pattern
from pipeline.core.settings import MendSettings

SAFE: Final = (
    "\u00a1-\u02ff\u038e-\u03a1\u03a3-\u0482\u048a-\u052f\u05d0-\u05ea\u0621-\u064a\u1e00-\u1eff"  # Latin to Arabic
    "\u0904-\u0928\u0e01-\u0e30\u3041-\u3096\u309b-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"  # Hindi to Korean
    "\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2100-\u2125\u2190-\u2328\u2500-\u2adb\u3001-\u3029\uff01-\uff9d"  # signs
    "\U0001f300-\U0001f64f\U0001f680-\U0001f6c5\U0001f910-\U0001f93e"  # faces
)
"""Letters and signs that are no space and no control, and keep their NFC form whatever stands beside them."""


def standing(records: pa.Array | pa.ChunkedArray, mend: MendSettings) -> pa.Array | pa.ChunkedArray:
    """Say of each record whether it is a plain conversation that nothing mends; null where there is none."""
    plain = pc.match_substring_regex(records, _plain_chat(is_ascii=mend.unicode == "NFKC", has_markup=not mend.html))
    return pc.and_not(plain, pc.match_substring_regex(records, mojibake_pattern())) if mend.mojibake else plain


@lru_cache(maxsize=4)
def _plain_chat(*, is_ascii: bool, has_markup: bool) -> str:
    r"""Give the expression of the whole line: turns of a role and one text, as JSON writes it, without `\u`.

    A text begins and ends with a visible character; between two stand at most two line feeds, then spaces or tabs.
    """
    markup = "&<" if has_markup else ""
    seen = rf'(?:[!#-%\'-;=-\[\]-~{markup}{"" if is_ascii else SAFE}]|\\["\\/])'
    text = rf'"(?:{seen}(?:(?:\\n){{0,2}}(?: |\\t)*{seen})*)?"'
    turn = rf'\{{"role": ?"(?:system|developer|user|assistant)", ?"content": ?{text}\}}'
    return rf'\A\{{"messages": ?\[{turn}(?:, ?{turn})*\]\}}\z'
