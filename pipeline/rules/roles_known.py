"""Every turn names a role, and one that the target takes."""

from collections.abc import Iterator

import pyarrow as pa

from pipeline.core.example import Example
from pipeline.core.rule import Flaw, rule
from pipeline.core.shape import ROLE_LETTERS
from pipeline.core.suspects import Claim, none, order
from pipeline.core.target import Limits
from pipeline.core.wording import kind, listed, named


@rule(
    "roles.missing",
    suspects=order(r"\?"),
    good=("user: Hi\nassistant: Hello",),
    bad=({"messages": [{"content": "Hi"}]}, {"messages": [{"role": None, "content": "Hi"}]}),
)
def missing(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A job fails on a turn without a role: *Discriminator 'role' is missing in value*.

    Write `"role": "user"` or another role as text. ShareGPT's `from` and `value` are turned by `tuneset build`.
    """
    for turn in example.turns:
        if turn.raw and not turn.role:
            role = turn.raw.get("role")
            found = "No role" if "role" not in turn.raw else f"The role is {'empty' if role == '' else kind(role)}"
            yield Flaw(turn.where, f"{found}; expected text such as `user`.")


@rule(
    "roles.unknown",
    suspects=order(r"\?"),
    good=("user: Hi\nassistant: Hello",),
    bad=({"messages": [{"role": "human", "content": "Hi"}, {"role": "bot", "content": "Hello"}]},),
)
def unknown(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Chat formats know system, developer, user, assistant and tool; a job fails on any other role.

    Rename it: `human` is `user`; `gpt`, `bot` and `model` are `assistant`. `--fix` does so.
    """
    for turn in example.turns:
        if turn.role and turn.role not in ROLE_LETTERS:
            yield Flaw(f"{turn.where}/role", f"Role {named(turn.role)}; expected one of system, user, assistant, tool.")


def _of_refused_role(facts: pa.Table, limits: Limits) -> Claim:
    letters = "".join(letter for role, letter in ROLE_LETTERS.items() if role not in limits.roles)
    return order(f"[{letters}]")(facts, limits) if letters else none(facts, limits)


@rule(
    "roles.not-taken",
    suspects=_of_refused_role,
    good=("system: Be brief.\nuser: Hi\nassistant: Hello",),
    bad=("developer: Be brief.\nuser: Hi\nassistant: Hello",),
)
def not_taken(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The role is a known one, but this target's training files may not name it.

    OpenAI takes `system` for supervised tuning and `developer` for reinforcement tuning; rename one to the other.
    """
    for turn in example.turns:
        if turn.role in ROLE_LETTERS and turn.role not in limits.roles:
            yield Flaw(
                f"{turn.where}/role", f"Role {named(turn.role)}; {limits.target} takes {listed(list(limits.roles))}."
            )
