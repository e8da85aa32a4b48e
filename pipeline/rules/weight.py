"""Weights say which answers are learned: 0 or 1, on assistant turns."""

from collections.abc import Iterator

from pipeline.core.example import Example, Turn
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, Sample, rule
from pipeline.core.shape import Bit
from pipeline.core.suspects import has, where
from pipeline.core.target import Limits
from pipeline.core.wording import counted, kind, named


def _weighted(*weights: object, role: str = "assistant") -> Sample:
    turns = [{"role": role, "content": "Hello", "weight": weight} for weight in weights]
    return {"messages": [{"role": "user", "content": "Hi"}, *turns]}


@rule(
    "weight.value",
    suspects=has(Bit.WEIGHT),
    good=(_weighted(0, 1),),
    bad=(_weighted(2), _weighted(0.5), _weighted(True), _weighted(1.0), _weighted("1"), _weighted(None)),
)
def value(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The format allows the whole numbers 0 and 1 only.

    Write 0 for answers that shall not be learned, 1 for the others. `--fix` turns 1.0 and true into 1.
    """
    for turn, weight in _weights(example):
        if turn.role == "assistant" and not (type(weight) is int and weight in (0, 1)):
            found = "another number" if type(weight) is int else _written(weight)
            yield Flaw(f"{turn.where}/weight", f"The weight is {found}; expected 0 or 1.")


@rule(
    "weight.role",
    suspects=has(Bit.WEIGHT),
    good=(_weighted(0, 1),),
    bad=(_weighted(1, role="user"), _weighted(0, role="system")),
)
def on_another_role(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Only assistant turns are learned, so a weight elsewhere means nothing, and the format does not know it.

    Delete the key.
    """
    for turn, _ in _weights(example):
        if turn.role not in ("assistant", ""):
            yield Flaw(f"{turn.where}/weight", f"A weight on {named(turn.role)}; expected on `assistant` only.")


@rule(
    "weight.all-zero",
    methods=("sft",),
    suspects=has(Bit.WEIGHT),
    good=(_weighted(0, 1), "user: Hi\nassistant: Hello"),
    bad=(_weighted(0), _weighted(0, 0)),
)
def all_zero(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Every answer has weight 0: the example is paid for and nothing of it is learned.

    Give the answers that shall be learned weight 1, or delete the example.
    """
    answers = [turn for turn in example.turns if turn.role == "assistant"]
    if answers and not any(turn.is_trained for turn in answers):
        yield Flaw("/messages", f"Weight 0 on {_all(len(answers))}; expected one that is learned.")


@rule(
    "weight.refused",
    suspects=where(lambda limits: limits.weight == "refused", has(Bit.WEIGHT)),
    limits=Limits(weight="refused"),
    good=("user: Hi\nassistant: Hello",),
    bad=(_weighted(1),),
)
def refused(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target does not know weights and refuses the file for them.

    Leave the key out; cut the conversation before answers that shall not be learned.
    """
    if limits.weight == "refused":
        for turn, _ in _weights(example):
            yield Flaw(f"{turn.where}/weight", f"A weight; {limits.target} takes none.")


@rule(
    "weight.ignored",
    severity=Severity.WARNING,
    suspects=where(lambda limits: limits.weight == "ignored", has(Bit.WEIGHT)),
    limits=Limits(weight="ignored"),
    good=(_weighted(1),),
    bad=(_weighted(0, 1),),
)
def ignored(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target reads no weights, so answers that were switched off are learned all the same.

    Cut the conversation into examples that end with the answers to learn, or choose a target that reads weights.
    """
    if limits.weight == "ignored":
        for turn, weight in _weights(example):
            if weight == 0:
                yield Flaw(f"{turn.where}/weight", f"Weight 0 is not read by {limits.target}: this answer is learned.")


def _weights(example: Example) -> Iterator[tuple[Turn, object]]:
    return ((turn, turn.raw["weight"]) for turn in example.turns if "weight" in turn.raw)


def _written(weight: object) -> str:
    return kind(weight) if not isinstance(weight, float) else "a decimal number"


def _all(answers: int) -> str:
    return "the only answer" if answers == 1 else f"all {counted(answers, 'answer')}"
