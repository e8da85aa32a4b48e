"""Examples that Arrow puts together are what the recipe makes: to the byte, and only where nothing is mended."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.compose import Compose, recipes
from pipeline.compose.assembled import assembled
from pipeline.core import columns
from pipeline.core.settings import MendSettings

TRICKY = " \n\t\r\x00\x0b\x1c\x7f\x85\xa0\u0301\u200b\u2028\u3000\ufeff\ufdd0\ud83d가\"\\/'<&>{},:;bnu0éÂãâ€™Ð…”字ﬁ😀\u0e38\u0e48\u0bc6\u0bbe"
WORDS = [
    "Hi",
    "a b",
    "\n\n",
    "  ",
    "&amp;",
    "donâ€™t",
    "Â ",
    "\\",
    '\\"',
    '","answer":"',
    '"},{"role":"user","content":"',
]
TEXTS = st.lists(st.sampled_from(list(TRICKY)) | st.sampled_from(WORDS), max_size=5).map("".join)
PLAIN = st.sampled_from(
    ["Hi", "a b", "fine\nthen", 'so "it" is', "c:\\n", "你好", "ดูที่นี่", "x/y", "{a: 1}", "10\u00a0km", ""]
)
CELLS = PLAIN | PLAIN | TEXTS | st.sampled_from([None, True, 0, -1.5, 1e300, 10**30, [], ["a", "b"], {"a": 1}])
NAMES = ["question", "answer", "system", "Ticket body", "id", 'a"b', "record"]
TURNS = [
    "question",
    "answer",
    "Ticket body",
    "nowhere",
    'a"b',
    "{{ question }}",
    "{{ question }}{{ answer }}",
    "Q: {{ question }}\nn{{ system }}",
    '{{ record["Ticket body"] }}\n\n{{ id }}',
    "{{ question | upper }}",
    "{{ record }}",
    "{% if id %}{{ question }}{% endif %}",
]
SYSTEMS = ["", "Be kind.", "  ", 'Say "so"\\', "Cafe\u0301", "{{ system }}", "{{ system }}nothing", "{{ nowhere }}"]
PAIRS = st.fixed_dictionaries(
    {"user": st.sampled_from(TURNS[:1] * 6 + TURNS), "assistant": st.sampled_from(TURNS[1:2] * 8 + TURNS)},
    optional={
        "system": st.sampled_from(SYSTEMS),
        "system_column": st.sampled_from([None, "system", "nowhere"]),
        "separator": st.sampled_from([None, None, None, "; "]),
    },
)
MENDS = st.builds(
    MendSettings,
    mojibake=st.booleans(),
    unicode=st.sampled_from(["NFC", "NFC", "NFKC", "off"]),
    control=st.booleans(),
    whitespace=st.booleans(),
    html=st.booleans(),
)


@st.composite
def tables(draw: st.DrawFn) -> list[str | None]:
    """Give the records of a table, most of one layout; now and then one with a sign too few or too many."""
    names = draw(st.permutations(NAMES).map(lambda names: names[: draw(st.integers(1, len(names)))]))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", ":")]))
    is_ascii = draw(st.sampled_from([False, False, True]))
    return [draw(_record(names, separators, is_ascii=is_ascii)) for _ in range(draw(st.integers(0, 4)))]


@st.composite
def _record(draw: st.DrawFn, names: list[str], separators: tuple[str, str], *, is_ascii: bool) -> str | None:
    line = json.dumps({name: draw(CELLS) for name in names}, ensure_ascii=is_ascii, separators=separators)
    line = line if is_ascii else line.encode("utf-8", "replace").decode()
    at = draw(st.integers(0, len(line)))
    odd = draw(
        st.sampled_from(["", "", "", "", "\\", '"', "\n", " ", "}", ',"answer":"x"', "\\ud800", "\\/", "\\u0041"])
    )
    return draw(st.sampled_from([line[:at] + odd + line[at:], line, line, line[:at] + line[at + 1 :], None]))


def table(records: list[str | None]) -> pa.Table:
    rows = [
        {
            "name": f"f:{n}",
            "source": "s",
            "record": one,
            "raw": None,
            "unread": None if one is not None else "read.x y.",
        }
        for n, one in enumerate(records)
    ]
    return pa.Table.from_pylist(rows, schema=columns.READ)


def both(records: list[str | None], chosen: dict[str, Any], mend: MendSettings) -> tuple[pa.Table, pa.Table]:
    """Give what is made by Arrow where it can be, and what is made row by row."""
    recipe = recipes()["pairs"].settings.model_validate({"recipe": "pairs", **chosen})
    short = Compose({"s": recipe}, mend=mend)
    long = Compose({"s": recipe}, mend=mend, families={"s": "nobody"})  # a column that is asked of each record
    return short(table(records)), long(table(records))


@settings(max_examples=2000, deadline=None)
@given(records=tables(), chosen=PAIRS, mend=MENDS)
@example(
    ['{"question":"x\\","answer":"y"}', '{"question":"x","answer":"y"}'],
    {"user": "{{ question }}n{{ answer }}"},
    MendSettings(),
)
@example(
    ['{"question":"x"},{"role":"user","content":"y","answer":"z"}', '{"question":"x","answer":"y"}'], {}, MendSettings()
)
@example(['{"question":"}', '{"question":""}'], {"assistant": "question"}, MendSettings())
def test_the_short_way_gives_what_the_long_way_gives(
    records: list[str | None], chosen: dict[str, Any], mend: MendSettings
) -> None:
    short, long = both(records, chosen, mend)

    assert short.equals(long)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.fixed_dictionaries({"id": st.integers(), "question": TEXTS, "answer": TEXTS}), min_size=1, max_size=20)
)
def test_a_table_of_nasty_texts_comes_out_alike(rows: list[dict[str, Any]]) -> None:
    texts = [json.dumps(row, ensure_ascii=False).encode("utf-8", "replace").decode() for row in rows]

    short, long = both(list(texts), {}, MendSettings())

    assert short.equals(long)


MADE = {
    "plain": ({}, '{"question":"Hi","answer":"Hello \\"you\\"\\nthere","id":"7"}', True),
    "spaced": ({}, '{"id": 7, "question": "Hi", "answer": "Hello"}', True),
    "other languages": ({}, '{"question":"你好吗？","answer":"ดีมาก"}', True),
    "a template": ({"user": "Q: {{ question }}\n{{ id }}"}, '{"question":"Hi","answer":"Hello","id":"7"}', True),
    "a system turn or none": ({"system": "{{ id }}"}, '{"question":"Hi","answer":"Hello","id":""}', True),
    "a column of systems": (
        {"system_column": "id", "system": "Hm"},
        '{"question":"Hi","answer":"Hello","id":""}',
        True,
    ),
    "an empty cell": ({}, '{"question":"","answer":"Hello"}', False),
    "space at the edge": ({}, '{"question":"Hi ","answer":"Hello"}', False),
    "an escaped letter": ({}, '{"question":"\\u00e9","answer":"Hello"}', False),
    "a number": ({}, '{"question":"Hi","answer":7}', False),
    "a missing column": ({}, '{"question":"Hi"}', False),
    "a broken cell beside": ({}, '{"question":"Hi","answer":"Hello","id":"\\ud800"}', False),
    "a filter": ({"user": "{{ question | lower }}"}, '{"question":"Hi","answer":"Hello"}', False),
    "several answers": ({"separator": ";"}, '{"question":"Hi","answer":"Hello"}', False),
}


@pytest.mark.parametrize(("chosen", "record", "is_made"), MADE.values(), ids=MADE.keys())
def test_what_needs_no_look_is_put_together(chosen: dict[str, Any], record: str, is_made: object) -> None:
    pairs = recipes()["pairs"]
    outline = pairs.outline(pairs.settings.model_validate({"recipe": "pairs", **chosen}))

    made = None if outline is None else assembled(pa.array([record]), outline, MendSettings())[0].as_py()

    assert (made is not None) == is_made


def test_a_source_of_several_layouts_is_put_together_from_all_of_them() -> None:
    records = ['{"question":"Hi","answer":"Hello"}', '{"answer":"Hello","id":1,"question":"Hi"}', None]
    pairs = recipes()["pairs"]

    made = assembled(pa.array(records), pairs.outline(pairs.settings()) or (), MendSettings())

    assert made[0].as_py() == made[1].as_py() is not None
    assert made[2].as_py() is None
