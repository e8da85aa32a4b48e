"""Twins are found, and what only looks like a twin is kept."""

import json
import random
from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from pipeline.core.columns import DIGEST, GROUP
from pipeline.core.passages import Passages, passages_of
from pipeline.core.settings import DedupeSettings
from pipeline.core.verdicts import RememberedVerdicts
from pipeline.group import conflicts, group, spokesmen
from pipeline.group.candidates import REACH, Bands, candidates
from pipeline.group.likeness import changes, jaccard, likeness, word_count
from pipeline.group.prompts import Asked, is_another
from pipeline.group.verify import Contents, near_by

LONG = "our train to the north was late again and nobody at the station could tell us when the next one would leave"
REPLY = "I am sorry to hear that; write to the office with your ticket and they will send the money back within a month"


def _chat(*turns: str, system: str | None = None) -> str:
    messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(turns)]
    return json.dumps({"messages": ([{"role": "system", "content": system}] if system else []) + messages})


def _facts(
    payloads: Sequence[str], *, names: Sequence[str] | None = None, family: Sequence[str | None] | None = None,
    unsound: Sequence[int] = (),
) -> pa.Table:  # fmt: skip
    """Give the facts as `measure` would; tests may import two rooms, code may not."""
    from pipeline.measure import Measure

    table = Measure()(pa.table({"payload": pa.array(payloads, pa.string())}))
    names = names or [f"row:{index}" for index in range(len(payloads))]
    table = table.append_column("name", pa.array(names, pa.string()))
    table = table.append_column("family", pa.array(family or [None] * len(payloads), pa.string()))
    return table.append_column(
        "is_sound", pa.array([index not in unsound for index in range(len(payloads))], pa.bool_())
    )


def _grouped(payloads: Sequence[str], *, dedupe: DedupeSettings | None = None, **facts: Sequence[object]) -> pa.Table:
    table = _facts(payloads, **facts)  # type: ignore[arg-type]
    return group(table, lambda rows: [payloads[row] for row in rows], dedupe or DedupeSettings())


def _alike(one: Passages, other: Passages, *, threshold: float) -> float | None:
    return likeness(one, other, sizes=(word_count(one), word_count(other)), threshold=threshold)


def _are_twins(one: str, other: str) -> bool:
    first, second = _grouped([one, other])["group"].to_pylist()
    return bool(first == second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_chat(LONG, REPLY), _chat(LONG.upper(), f"  {REPLY} \n")),
        (_chat(LONG, REPLY), _chat(LONG.replace("late", "slow"), REPLY.replace("month", "week"))),
        (_chat(LONG, REPLY), _chat(LONG.replace("station", "staiton"), REPLY)),
        (_chat(LONG, REPLY), _chat(LONG, REPLY.replace("sorry", "sad"))),
        (_chat(LONG, REPLY), _chat(f"{LONG} sadly enough", REPLY)),
        (
            _chat("can I use my card anywere?", "card_acceptance"),
            _chat("can I use my card anywhere?", "card_acceptance"),
        ),
        (
            _chat("今天天气怎么样我们可以出去散步吗还是会下雨呢", "今天会下雨所以最好留在家里看书喝茶休息"),
            _chat("今天天气怎么样我们可以出门散步吗还是会下雨呢", "今天会下雨所以最好留在家里看书喝茶休息"),
        ),
    ],
    ids=["case-space", "a-word-a-turn", "typo", "answer-near-identical", "words-added", "label-typo", "chinese"],
)
def test_the_same_in_other_words_is_a_twin(one: str, other: str) -> None:
    assert _are_twins(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_chat(LONG, REPLY), _chat(LONG, "Take the bus instead, it leaves from the square in front of the hall every hour")),
        (_chat(LONG, f"yes {REPLY}"), _chat(LONG, f"no {REPLY}")),
        (_chat(LONG, f"{REPLY} of 12 days"), _chat(LONG, f"{REPLY} of 13 days")),
        (_chat(LONG, REPLY), _chat(LONG, REPLY.replace("will send", "will not send"))),
        (_chat(LONG, f"{REPLY} if not."), _chat(LONG, f"{REPLY} if")),
        (_chat(f"{LONG} can they", REPLY), _chat(f"{LONG} can't they", REPLY)),
        (_chat("What is the capital of France?", "The capital is Paris."), _chat("What is the capital of Spain?", "The capital is Madrid.")),
        (_chat(f"Is this kind or not, in one word: {LONG} you fool", "unkind"), _chat(f"Is this kind or not, in one word: {LONG} you brute", "unkind")),
        (_chat(f"{LONG}: the red house on the hill", REPLY), _chat(f"{LONG}: a small boat at the quay", REPLY)),
        (_chat("你好", "再见"), _chat("谢谢", "不客气")),
        (_chat("dog bites man", "ok then"), _chat("man bites dog", "ok then")),
        (_chat(LONG, REPLY), _chat(LONG, REPLY, "Thanks", "You are welcome")),
        (_chat(LONG, REPLY, system="Answer like a pirate who has seen the world"), _chat(LONG, REPLY, system="You are a lawyer")),
    ],
    ids=["other-answer", "yes-no", "number", "negation", "not-at-the-end", "contraction", "capital", "label", "slot", "short-chinese", "order", "more-turns", "system"],
)  # fmt: skip
def test_another_meaning_in_nearly_the_same_words_is_kept(one: str, other: str) -> None:
    assert not _are_twins(one, other)


def test_a_mistyped_negation_is_that_negation() -> None:
    assert _are_twins(_chat(LONG, f"{REPLY} without delay"), _chat(LONG, f"{REPLY} wihtout delay"))


def test_rows_that_share_a_long_system_prompt_are_not_alike_for_it() -> None:
    system = " ".join(f"rule{i}" for i in range(300))

    assert not _are_twins(
        _chat("How do I cook rice?", "Boil it.", system=system), _chat("Who painted this?", "Vermeer.", system=system)
    )


def test_no_chain_of_small_steps_joins_what_is_not_alike() -> None:
    """A is like B, B like C and so on, each step two words; A and the last are not alike."""
    words = [f"w{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10]}" for i in range(40)]
    steps = []
    for step in range(12):
        said = ["zz" + word if index < 2 * step else word for index, word in enumerate(words)]
        steps.append(_chat(" ".join(said), REPLY))
    found = _grouped(steps, dedupe=DedupeSettings(threshold=0.85))
    groups = found["group"].to_pylist()

    read = [passages_of(payload, method="sft") for payload in steps]
    assert len(set(groups)) > 1
    assert any(a == b for a, b in pairwise(groups))
    for code in set(groups):
        members = [one for one, mine in zip(read, groups, strict=True) if mine == code]
        assert any(all(a is b or _alike(a, b, threshold=0.85) for b in members) for a in members)


text = st.lists(
    st.sampled_from(["rain", "sun", "no", "7", "8", "wind", "Snow", "cold  day"]), min_size=1, max_size=5
).map(" ".join)
chats = st.lists(
    st.tuples(text, text).map(lambda turns: _chat(*turns))
    | st.just(_chat(LONG, REPLY))
    | st.sampled_from(["late", "north", "train"]).map(lambda word: _chat(LONG.replace(word, "xyz"), REPLY)),
    min_size=1,
    max_size=10,
)


@settings(max_examples=40)
@given(payloads=chats, seed=st.integers(0, 99), unsound=st.sets(st.integers(0, 9), max_size=3))
def test_the_order_of_rows_decides_nothing(payloads: list[str], seed: int, unsound: set[int]) -> None:
    order = random.Random(seed).sample(range(len(payloads)), len(payloads))
    names = [f"row:{index}" for index in range(len(payloads))]

    facts = _facts(payloads, unsound=tuple(unsound))
    shuffled = [payloads[index] for index in order]
    facts_again = facts.take(pa.array(order))
    once = group(facts, lambda rows: [payloads[row] for row in rows], DedupeSettings())
    again = group(facts_again, lambda rows: [shuffled[row] for row in rows], DedupeSettings())

    assert once.take(pa.array(order)).to_pylist() == again.to_pylist()
    speaks = dict(zip(names, spokesmen(facts, once["group"]).tolist(), strict=True))
    for name, speaker in zip(
        facts_again["name"].to_pylist(), spokesmen(facts_again, again["group"]).tolist(), strict=True
    ):
        assert (names[speaks[name]] if speaks[name] >= 0 else None) == (
            facts_again["name"][speaker].as_py() if speaker >= 0 else None
        )


@settings(max_examples=40)
@given(payloads=chats)
def test_twins_are_kin_and_each_group_is_named_by_its_smallest_digest(payloads: list[str]) -> None:
    facts = _facts(payloads)
    found = group(facts, lambda rows: [payloads[row] for row in rows], DedupeSettings())

    rows = list(zip(facts["digest"].to_pylist(), *(found[name].to_pylist() for name in GROUP.names), strict=True))
    for _, mine, kin, alike in rows:
        assert mine == min(digest for digest, other, *_ in rows if other == mine)
        assert (alike is None) == (sum(other == mine for _, other, *_ in rows) == 1)
        assert {k for _, other, k, _ in rows if other == mine} == {kin}


@settings(max_examples=40)
@given(payloads=chats, more=chats)
def test_known_verdicts_give_the_same_groups_and_nothing_known_is_fetched_again(
    payloads: list[str], more: list[str]
) -> None:
    verdicts = RememberedVerdicts()
    group(_facts(payloads), lambda rows: [payloads[row] for row in rows], DedupeSettings(), verdicts=verdicts)
    grown, known = [*payloads, *more], len(verdicts)

    facts = _facts(grown)
    afresh = group(facts, lambda rows: [grown[row] for row in rows], DedupeSettings())
    again = group(facts, lambda rows: [grown[row] for row in rows], DedupeSettings(), verdicts=verdicts)

    def refuse(rows: Sequence[int]) -> list[str]:
        raise AssertionError(rows)

    assert afresh == again
    assert known <= len(verdicts)
    assert afresh == group(facts, refuse, DedupeSettings(), verdicts=verdicts)


def test_the_spokesman_is_sound_and_speaks_for_flawed_twins_too() -> None:
    payloads = [_chat(LONG, REPLY), _chat(LONG.upper(), REPLY), _chat("Hi", "Hello")]
    facts = _facts(payloads, unsound=(0, 2))
    found = group(facts, lambda rows: [payloads[row] for row in rows], DedupeSettings())

    assert spokesmen(facts, found["group"]).tolist() == [1, 1, -1]


def test_equal_rows_are_told_apart_by_name_alone() -> None:
    payloads = [_chat("Hi", "Hello")] * 3
    facts = _facts(payloads, names=["b:1", "a:2", "c:3"])

    found = group(facts, lambda rows: [payloads[row] for row in rows], DedupeSettings())

    assert spokesmen(facts, found["group"]).tolist() == [1, 1, 1]
    assert found["likeness"].to_pylist() == [1.0, 1.0, 1.0]


def test_rows_without_a_payload_belong_to_nobody() -> None:
    payloads = [_chat("Hi", "Hello"), None]
    facts = _facts(payloads)  # type: ignore[arg-type]

    found = group(facts, lambda rows: [payloads[row] or "" for row in rows], DedupeSettings())

    assert found["group"].to_pylist()[1] is None
    assert found.schema == GROUP
    assert spokesmen(facts, found["group"]).tolist() == [0, -1]


def test_an_empty_table_has_empty_groups() -> None:
    assert _grouped([]).num_rows == 0
    assert conflicts(_facts([])) == []


def test_prompt_and_family_make_kin_and_no_twins() -> None:
    payloads = [
        _chat("Why?", "Because."),
        _chat("why?", "No idea at all."),
        _chat("Where?", "There."),
        _chat("Who?", "Me."),
    ]
    found = _grouped(payloads, family=[None, "x", "x", None])

    kin = found["kin"].to_pylist()
    assert len(set(found["group"].to_pylist())) == 4
    assert kin[0] == kin[1] == kin[2] != kin[3]


def test_an_open_task_binds_nobody_and_is_no_conflict() -> None:
    payloads = [
        _chat("Write a story.", f"It was the night of the {word} and so on.")
        for word in ("owl", "fox", "bee", "cat", "dog")
    ]
    facts = _facts(payloads)

    assert len(set(_grouped(payloads)["kin"].to_pylist())) == 5
    assert conflicts(facts) == []


def test_conflicts_are_the_rows_of_a_prompt_with_several_answers() -> None:
    payloads = [_chat("Why?", "Because."), _chat("Hi", "Hello"), _chat("why?", "No idea."), _chat("Hi", "hello")]

    assert [rows.tolist() for rows in conflicts(_facts(payloads))] == [[0, 2]]


@pytest.mark.parametrize(("exact", "near", "groups"), [(True, True, 1), (True, False, 2), (False, False, 3)])
def test_each_kind_of_twin_can_be_switched_off(exact: bool, near: bool, groups: int) -> None:  # noqa: FBT001
    payloads = [_chat(LONG, REPLY), _chat(LONG.upper(), REPLY), _chat(LONG.replace("late", "slow"), REPLY)]

    found = _grouped(payloads, dedupe=DedupeSettings(exact=exact, near=near))

    assert len(set(found["group"].to_pylist())) == groups


def test_a_hot_key_costs_linear_work_and_everyone_meets_the_first() -> None:
    import numpy as np

    rows = 500
    keys = pa.chunked_array([pa.array([[1, 2]] * rows, pa.list_(pa.uint64()))])

    pairs = candidates(Bands.of(keys, np.arange(rows)))

    assert len(pairs) <= 2 * REACH * rows
    assert {second for first, second in pairs.tolist() if first == 0} == set(range(1, rows))


words = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=12)


@given(one=words, other=words)
def test_changes_rebuild_one_text_from_the_other(one: list[str], other: list[str]) -> None:
    gone = sorted(word for left, _ in changes(one, other) for word in left)
    come = sorted(word for _, right in changes(one, other) for word in right)

    assert sorted([*other, *gone]) == sorted([*one, *come])


@given(one=words, other=words)
def test_changes_are_those_of_aligning_the_whole_of_both(one: list[str], other: list[str]) -> None:
    found: list[tuple[list[str], list[str]]] = [([], [])]
    for tag, *ends in Levenshtein.opcodes(one, other):
        if tag == "equal":
            found.append(([], []))
        else:
            found[-1][0].extend(one[ends[0] : ends[1]])
            found[-1][1].extend(other[ends[2] : ends[3]])

    assert [run for run in found if run[0] or run[1]] == [tuple(map(list, run)) for run in changes(one, other)]


@given(one=words, other=words)
def test_jaccard_is_symmetric_and_1_for_equal_bags_only(one: list[str], other: list[str]) -> None:
    assert jaccard(one, other) == jaccard(other, one)
    assert (jaccard(one, other) == 1) == (sorted(one) == sorted(other))


@settings(max_examples=60)
@given(payloads=chats)
def test_likeness_does_not_depend_on_who_is_first(payloads: list[str]) -> None:
    read = [passages_of(payload, method="sft") for payload in payloads]

    for one, other in pairwise(read):
        assert _alike(one, other, threshold=0.5) == _alike(other, one, threshold=0.5)


def test_digests_are_of_the_type_that_the_table_names() -> None:
    assert _grouped([_chat("Hi", "Hello")])["group"].type == DIGEST


_SAID = st.lists(
    st.sampled_from(
        [
            "the",
            "a",
            "train",
            "color",
            "colour",
            "was",
            "late",
            "not",
            "12",
            "13",
            "e-mail",
            "email",
            "don't",
            "dont",
            "ok,",
            "ok",
            "你",
            "好",
            "Train",
        ]
    ),
    max_size=9,
).map(" ".join)


@given(st.lists(_SAID, min_size=1, max_size=3), st.data())
def test_whatever_its_prompts_rule_out_no_answers_make_near_twins(turns: list[str], data: st.DataObject) -> None:
    other = [data.draw(st.one_of(st.just(turn), _SAID)) for turn in turns]
    one, two = (passages_of(_chat(*some, *[REPLY] * (len(some) % 2)), method="sft") for some in (turns, other))

    if is_another(one, two):
        assert _alike(one, two, threshold=0.0) is None


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), max_size=30))
def test_the_first_pair_of_two_prompts_answers_for_all_that_ask_them(prompts: list[tuple[int, int]]) -> None:
    asked = Asked.of(np.array(prompts, np.int64).reshape(-1, 2))
    several = [place for place, two in enumerate(prompts) if prompts.count(two) > 1 and -1 < two[0] != two[1] > -1]

    assert several == asked.places.tolist()
    assert [prompts.index(prompts[place]) for place in several] == asked.first[asked.which].tolist()


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=30), st.booleans())
def test_every_pair_is_in_one_part_and_pairs_of_the_same_two_prompts_are_neighbours(
    pairs: list[tuple[int, int]],
    is_asked: bool,  # noqa: FBT001
) -> None:
    numbers = np.arange(41)
    contents = Contents(
        numbers, np.zeros((41, 2), np.uint64), np.zeros((41, 8), np.uint64), numbers if is_asked else None
    )
    parts = list(near_by(np.array(pairs, np.int64).reshape(-1, 2), contents))
    places = [place for part in parts for place in part.tolist()]

    assert sorted(places) == list(range(len(pairs)))
    assert len(set(pairs)) == len(list(groupby(pairs[place] for place in places)))


def test_each_text_is_read_once_however_many_pairs_it_stands_in() -> None:
    payloads = [_chat(f"{LONG} {word}", REPLY) for word in "north south east west up down left right".split()]  # noqa: SIM905
    read: list[int] = []

    def payload_of(rows: Sequence[int]) -> list[str]:
        read.extend(rows)
        return [payloads[row] for row in rows]

    group(_facts(payloads), payload_of, DedupeSettings())

    assert list(range(len(payloads))) == sorted(read)
