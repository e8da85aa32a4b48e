"""A preference pair is one prompt with a better and a worse answer."""

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.example import Example, Json, Turn
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, RowFlaw, Sample, dataset_rule, rule
from pipeline.core.suspects import every, order
from pipeline.core.target import Limits
from pipeline.core.wording import counted, kind, named

SIDES: Final = ("preferred_output", "non_preferred_output")
UNEVEN: Final = 1.5
"""Length of preferred answers by that of the others from which length alone tells them apart."""
ENOUGH: Final = 20
"""Pairs below which a mean says little."""


def _pair(better: str | list[Json], worse: str | list[Json], *, prompt: str = "user") -> Sample:
    answers = [[{"role": "assistant", "content": one}] if isinstance(one, str) else one for one in (better, worse)]
    return {"input": {"messages": [{"role": prompt, "content": "Hi"}]}, **dict(zip(SIDES, answers, strict=True))}


SOUND: Final = _pair("Hello", "What?")
TWO: Final[list[Json]] = [{"role": "assistant", "content": "Hello"}, {"role": "assistant", "content": "again"}]


def _outputs(example: Example) -> Iterator[tuple[str, Json, tuple[Turn, ...]]]:
    for side, turns in zip(SIDES, (example.preferred, example.non_preferred), strict=True):
        yield side, example.record.get(side), turns


@rule("dpo.identical", methods=("dpo",), suspects=every, good=(SOUND,), bad=(_pair("Hello", "hello "),))
def identical(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Both answers are the same (but for case and white space): there is nothing to prefer.

    Delete the pair, or replace one of the answers.
    """
    better, worse = _said(example.preferred), _said(example.non_preferred)
    if better and better == worse:
        yield Flaw("/non_preferred_output", "The same answer as the preferred one; expected another.")


def _said(turns: Sequence[Turn]) -> list[tuple[str, Json]]:
    return [(" ".join((turn.text or "").casefold().split()), turn.raw.get("tool_calls")) for turn in turns]


@rule(
    "dpo.answers",
    methods=("dpo",),
    suspects=order(r"\|(?:\||$|..+\||[^|]{2,}$|[^a|])"),
    good=(SOUND,),
    bad=(_pair("Hello", TWO), _pair("Hello", []), _pair("Hello", [{"role": "user", "content": "?"}])),
)
def answers(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Each answer is a list of exactly one assistant turn: *we only train on one-turn conversations*.

    Move earlier turns into `input`, so that both answers continue the same conversation.
    """
    for side, value, turns in _outputs(example):
        if side in example.record and not isinstance(value, list):
            yield Flaw(f"/{side}", f"Found {kind(value)}; expected a list of one assistant turn.")
        elif isinstance(value, list) and len(value) != 1:
            yield Flaw(f"/{side}", f"{counted(len(value), 'turn')}; expected one assistant turn.")
        for turn in turns:
            if turn.role not in ("assistant", ""):
                yield Flaw(f"{turn.where}/role", f"A turn of {named(turn.role)}; expected `assistant`.")


@rule(
    "dpo.prompt-ends-with-answer",
    methods=("dpo",),
    severity=Severity.WARNING,
    suspects=order(r"a\|.*\|"),
    good=(SOUND,),
    bad=(_pair("Hello", "What?", prompt="assistant"),),
)
def prompt_ends_with_answer(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The input ends with an assistant turn, so the two answers follow an answer; Together refuses such pairs.

    End the input with what the user or the tool says last.
    """
    if example.conversation and example.conversation[-1].role == "assistant":
        yield Flaw(example.conversation[-1].where, "The input ends with `assistant`; expected `user` or `tool`.")


@dataset_rule("dpo.length-bias", severity=Severity.WARNING, methods=("dpo",))
def length_bias(facts: pa.Table, _limits: Limits) -> Iterator[RowFlaw]:
    """Preferred answers are much longer (or shorter) than the others, and length is the easiest thing to learn.

    Balance the pairs by length, or train with a length-normalised loss. Needs `preferred_length` and `other_length`.
    """
    if not {"preferred_length", "other_length"} <= set(facts.column_names):
        return
    better, worse = (pc.mean(facts[name]).as_py() for name in ("preferred_length", "other_length"))
    if facts.num_rows >= ENOUGH and better and worse and max(better / worse, worse / better) >= UNEVEN:
        yield RowFlaw(None, "", f"Preferred answers have {better:,.0f} characters on average, the others {worse:,.0f}.")
