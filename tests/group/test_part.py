"""Pairs that are compared together can be compared anywhere, and in any number of parts."""

import json
import pickle
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.group.part import Part, Way

WORDS = st.sampled_from(["how", "do", "I", "pay", "return", "the", "card", "please", "now", "Größe"])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=9).map(" ".join), min_size=2, max_size=8)
WAY = Way("sft", 0.7, "spelling")


def payload(text: str) -> str:
    said = [{"role": "user", "content": "Help me."}, {"role": "assistant", "content": text}]
    return json.dumps({"messages": said})


def part_of(texts: Sequence[str]) -> Part:
    """Give all pairs of the texts, whose rows stand in reverse."""
    pairs = [(one, two) for two in range(len(texts)) for one in range(two)]
    words = np.array([len(text.split()) for text in texts], np.int64)
    rows = np.arange(len(texts))[::-1]
    return Part.of(np.array(pairs, np.int64), rows=rows, words=words, prompts=np.zeros(len(texts), np.int64), way=WAY)


@given(texts=TEXTS)
def test_halves_give_what_the_whole_gives_here_and_in_another_process(texts: list[str]) -> None:
    part = part_of(texts)

    def payload_of(rows: Sequence[int]) -> list[str]:
        return [payload(texts[-1 - row]) for row in rows]

    whole = part.compared(payload_of)
    sent = [pickle.loads(pickle.dumps(half)) for half in part.halves()] or [part]

    assert whole.tolist() == [value for half in sent for value in half.compared(payload_of).tolist()]
    assert all(len(half.pairs) for half in sent)


def test_a_pair_that_kills_whoever_compares_it_is_no_pair_of_twins() -> None:
    part = part_of(["do pay the card", "do pay the card"])

    assert not part.halves()
    assert [0.0] == part.lost().compared(lambda _: []).tolist()
