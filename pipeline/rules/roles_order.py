"""The turns come in an order that the target's chat template can write down."""

from collections.abc import Iterator
from itertools import pairwise

from pipeline.core.example import Example, Turn
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, rule
from pipeline.core.suspects import order, where
from pipeline.core.target import Limits
from pipeline.core.wording import named

GUIDES = frozenset({"system", "developer"})


@rule(
    "roles.last-not-assistant",
    severity=Severity.WARNING,
    methods=("sft",),
    suspects=where(lambda limits: limits.last_role == "assistant", order("[^a]$")),
    good=("user: Hi\nassistant: Hello",),
    bad=("user: Hi\nassistant: Hello\nuser: Bye",),
)
def last_not_assistant(example: Example, limits: Limits) -> Iterator[Flaw]:
    """Turns after the last answer are paid for and teach nothing; Azure, Mistral and Bedrock refuse the example.

    Cut the conversation after its last assistant turn, or add the answer that is missing.
    """
    is_asked = limits.last_role == "assistant" and any(turn.role == "assistant" for turn in example.turns)
    if is_asked and example.turns[-1].role not in ("assistant", ""):
        last = example.turns[-1]
        yield Flaw(last.where, f"The last turn is {named(last.role)}; expected `assistant`.")


@rule(
    "roles.system-not-first",
    suspects=where(lambda limits: limits.system == "first", order("[^sd|][sd]")),
    limits=Limits(system="first"),
    good=("system: Be brief.\nuser: Hi\nassistant: Hello",),
    bad=("user: Hi\nsystem: Be brief.\nassistant: Hello",),
)
def system_not_first(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target's chat template writes the system prompt once, at the top; elsewhere it refuses or drops it.

    Move it to the top, or make it part of a user turn.
    """
    if limits.system == "first":
        for before, turn in pairwise(example.conversation):
            if turn.role in GUIDES and before.role not in GUIDES:
                yield Flaw(turn.where, f"{named(turn.role)} after {_who(before)}; {limits.target} takes it first only.")


@rule(
    "roles.system-repeated",
    suspects=where(lambda limits: limits.system == "first", order("^[sd][sd]")),
    limits=Limits(system="first"),
    good=("system: Be brief.\nuser: Hi\nassistant: Hello",),
    bad=("system: Be brief.\nsystem: Be kind.\nuser: Hi\nassistant: Hello",),
)
def system_repeated(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target's chat template has room for one system prompt; more are refused or dropped.

    Join them into one.
    """
    roles = [turn.role for turn in example.conversation]
    leading = next((index for index, role in enumerate(roles) if role not in GUIDES), len(roles))
    if limits.system == "first" and leading > 1:
        yield Flaw(example.conversation[1].where, f"{leading} system turns at the top; {limits.target} takes one.")


@rule(
    "roles.system-refused",
    suspects=where(lambda limits: limits.system == "none", order("[sd]")),
    limits=Limits(system="none"),
    good=("user: Hi\nassistant: Hello",),
    bad=("system: Be brief.\nuser: Hi\nassistant: Hello",),
)
def system_refused(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target takes no system prompts: *System messages are not supported*.

    Write the instruction into the first user turn.
    """
    if limits.system == "none":
        for turn in example.conversation:
            if turn.role in GUIDES & limits.roles:
                yield Flaw(turn.where, f"A {named(turn.role)} turn; {limits.target} takes none.")


@rule(
    "roles.first-not-user",
    suspects=where(lambda limits: limits.first_role == "user", order("^[sd]*[^usd|]")),
    limits=Limits(first_role="user"),
    good=("system: Be brief.\nuser: Hi\nassistant: Hello",),
    bad=("system: Be brief.\nassistant: Hello\nuser: Hi\nassistant: Yes?",),
)
def first_not_user(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target's conversations begin with a user turn, after a system prompt if there is one.

    Add the user turn that leads to the first answer, or cut what comes before the first user turn.
    """
    if limits.first_role == "user":
        opening = next((turn for turn in example.conversation if turn.role not in GUIDES), None)
        if opening and opening.role not in ("user", ""):
            yield Flaw(opening.where, f"The first turn is {named(opening.role)}; {limits.target} expects `user`.")


@rule(
    "roles.consecutive",
    suspects=where(lambda limits: limits.is_alternating, order("uu|aa")),
    limits=Limits(is_alternating=True),
    good=("user: Hi\nassistant: Hello\nuser: Bye\nassistant: Goodbye",),
    bad=("user: Hi\nuser: Are you there?\nassistant: Hello",),
)
def consecutive(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target alternates user and assistant strictly and refuses two turns of one side in a row.

    Join the two turns with a line break.
    """
    if limits.is_alternating:
        for before, turn in pairwise(example.conversation):
            if turn.role == before.role and turn.role in ("user", "assistant"):
                yield Flaw(turn.where, f"Two {named(turn.role)} turns in a row; {limits.target} alternates strictly.")


def _who(turn: Turn) -> str:
    return named(turn.role) if turn.role else "a turn without a role"
