"""What ships as it stands is what the long way would have shipped: Arrow's answer is never wider than ours."""

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compose import Compose, recipes
from pipeline.compose.mend import mend
from pipeline.compose.standing import standing
from pipeline.core import columns
from pipeline.core.settings import MendSettings

CHAT = '{"messages":[{"role":"user","content":"%s"},{"role": "assistant", "content": "Hello"}]}'
TRICKY = ' \n\t\r\x00\x0b\x1c\x7f\x85\xa0\xad\u0301\u1161\u200b\u2028\u3000\ufeff\ufdd0가각"\\/<&>;bnuéÂãâ€™Ð¾…“”字ｱ²½ﬁΓÇ√╬😀Ⅷ\u0e38\u0e48\u093c\u094d\u0bc6\u0bbe\u0651\u064b\u2009\u200d\ufe0f'
CONTENTS = st.lists(
    st.sampled_from(list(TRICKY)) | st.sampled_from(["Hi", "a b", "\n\n", "  ", "&amp;", "<b>", "donâ€™t", "Â "]),
    max_size=7,
).map("".join)
TURNS = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "developer", "tool", 1]), "content": CONTENTS},
    optional={"weight": st.sampled_from([0, 1, 1.0]), "name": CONTENTS},
)
PLAIN = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": CONTENTS}), max_size=3
)
RECORDS = st.one_of(
    st.fixed_dictionaries({"messages": PLAIN}),
    st.fixed_dictionaries({"messages": st.lists(TURNS, max_size=3) | CONTENTS}, optional={"id": CONTENTS}),
)
MENDS = st.builds(
    MendSettings,
    mojibake=st.booleans(),
    unicode=st.sampled_from(["NFC", "NFKC", "off"]),
    control=st.booleans(),
    whitespace=st.booleans(),
    html=st.booleans(),
)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Give a record in one of the ways to write it; now and then a letter too few or too many."""
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :")]))
    line = json.dumps(draw(RECORDS), ensure_ascii=draw(st.booleans()), separators=separators)
    at = draw(st.integers(0, len(line)))
    odd = draw(st.sampled_from(["", "", "", "\\", '"', "\n", "\t", " ", "}", ',"content":"x"', "\\ud800", "\\/"]))
    return line[:at] + odd + line[at + draw(st.sampled_from([0, 0, 1])) :]


def table(records: list[str]) -> pa.Table:
    rows = [
        {"name": f"f:{n}", "source": "s", "record": one, "raw": None, "unread": None} for n, one in enumerate(records)
    ]
    return pa.Table.from_pylist(rows, schema=columns.READ)


@settings(max_examples=1000, deadline=None)
@given(records=st.lists(lines(), max_size=4), mend=MENDS, extra=st.sampled_from(["keep", "drop"]))
def test_the_short_way_gives_what_the_long_way_gives(records: list[str], mend: MendSettings, extra: str) -> None:
    recipe = recipes()["messages"].settings.model_validate({"recipe": "messages", "extra": extra})
    short = Compose({"s": recipe}, mend=mend)
    long = Compose({"s": recipe}, mend=mend, families={"s": "nowhere"})  # a column that is asked of each record

    assert short(table(records)).equals(long(table(records)))


@settings(max_examples=1000, deadline=None)
@given(text=CONTENTS, chosen=MENDS)
def test_nothing_in_a_record_that_stands_is_mended(text: str, chosen: MendSettings) -> None:
    line = json.dumps({"messages": [{"role": "user", "content": text}]}, ensure_ascii=False)

    assert mend(text, chosen).text is text or not standing(pa.array([line]), chosen)[0].as_py()


STANDS = {
    "sound": ('Hi, it\'s \\"me\\" \\\\ now!', True),
    "empty": ("", True),
    "lines": ("a\\n\\n  b\\n\\tc", True),
    "code and markup": ("<b>a & b</b> {x: 1}", True),
    "accents": ("Café, naïve, señor; “so” – it’s…", True),
    "Chinese": ("你能告诉我吗？", True),
    "a face": ("fine 😀", True),
    "space in front": (" a", False),
    "space behind": ("a ", False),
    "line feed behind": ("a\\n", False),
    "space before a line feed": ("a \\nb", False),
    "two blank lines": ("a\\n\\n\\nb", False),
    "carriage return": ("a\\r\\nb", False),
    "escaped letter": ("\\u00e9", False),
    "wrong encoding": ("donâ€™t", False),
    "parted accent": ("Cafe\u0301", False),
    "parted accent of another script": ("\u0bc6\u0bbe", False),
    "marks": ("ดูที่นี่ நான் हिंदी क़", True),
    "marks out of order": ("\u0e01\u0e48\u0e38", False),
    "a face of several signs": ("\U0001f469\u200d\u2764\ufe0f", True),
    "no-break space": ("10\u00a0km", True),
    "no-break space behind": ("10 km\u00a0", False),
    "no-break space before a line feed": ("10 km\u00a0\\nb", False),
    "byte-order mark": ("\ufeffa", False),
}


@pytest.mark.parametrize(("content", "stands"), STANDS.values(), ids=STANDS.keys())
def test_only_what_nothing_mends_stands(content: str, stands: object) -> None:
    assert standing(pa.array([CHAT % content, None]), MendSettings()).to_pylist() == [stands, None]
