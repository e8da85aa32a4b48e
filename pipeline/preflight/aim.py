"""What a file is held against: the target and method that were asked for, as limits and rules."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from pipeline.core.errors import PlanError
from pipeline.core.example import Method
from pipeline.core.rule import catalogue
from pipeline.core.settings import CheckSettings, PrivacySettings, RuleSettings
from pipeline.core.target import Target
from pipeline.core.trouble import CAUSES
from pipeline.preflight.flaws import FLAWS
from pipeline.targets.catalogue import limits_of, load
from pipeline.targets.names import encoding

DEFAULT_TARGET: Final = "openai/gpt-4.1-mini"
Level = Literal["info", "warning", "error"]


class Aim(NamedTuple):
    """A target, a method, and what of the catalogue judges there."""

    target: Target
    method: Method
    settings: CheckSettings
    encoding: str
    """tiktoken encoding in which tokens are counted."""
    is_exact: bool
    """False where the model has another tokeniser, so that counts are estimates."""


def aim(
    target: Target | str,
    method: Method,
    rules: RuleSettings,
    *,
    max_tokens: int | None = None,
    privacy: PrivacySettings = PrivacySettings(),  # noqa: B008 - frozen
) -> Aim:
    """Give the aim; raises PlanError for a target that does not know the method."""
    found = load(target) if isinstance(target, str) else target
    limits = limits_of(found, method)
    if max_tokens is not None:
        limits = limits.model_copy(update={"max_tokens": max_tokens})
    counted = encoding(found)
    return Aim(
        found, method, CheckSettings(limits=limits, rules=rules, privacy=privacy), counted.name, counted.is_exact
    )


def rules_of(
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    severity: Mapping[str, str] | None = None,
    base: RuleSettings | None = None,
) -> RuleSettings:
    """Give the rules of flags laid over those of a plan; raises PlanError for a code or level that no one knows."""
    base = base or RuleSettings()
    for code in (*select, *ignore, *(severity or {})):
        _demand(code)
    for level in (severity or {}).values():
        if level not in ("info", "warning", "error"):
            raise PlanError(f"--severity: unknown level `{level}`. Known: info, warning, error.")
    return RuleSettings(
        select=tuple(select) or base.select,
        ignore=(*base.ignore, *ignore),
        severity={**base.severity, **(severity or {})},
    )


def _demand(code: str) -> None:
    from difflib import get_close_matches

    known = [*catalogue(), *CAUSES, *FLAWS]
    if not any(one.startswith(code) for one in known):
        near = get_close_matches(code, known, n=1)
        hint = f"Did you mean `{near[0]}`?" if near else "`tuneset rules` lists them."
        raise PlanError(f"no rule is named `{code}`. {hint}")
