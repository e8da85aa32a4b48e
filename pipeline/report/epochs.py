"""How many passes over the data a platform will make: given, or by its own rule, which is always an estimate."""

from typing import Literal, NamedTuple

from pipeline.core.target import Epochs

_TARGET, _FEWEST, _MOST, _MOST_EPOCHS = 3, 100, 25_000, 25
"""Constants of the cookbook's Chat_finetuning_data_prep.ipynb (2e652704)."""


class Passes(NamedTuple):
    """Passes over the data, as an interval where the platform's rule is not known."""

    low: int
    high: int
    basis: Literal["given", "cookbook rule", "platform default", "assumed"]

    @property
    def is_estimate(self) -> bool:
        """Say whether the platform may choose otherwise."""
        return self.basis in ("cookbook rule", "assumed")


def cookbook_epochs(examples: int) -> int:
    """Give the cookbook's guess at OpenAI's `auto`: 3, more below 34 examples, fewer above 8,333."""
    if examples <= 0:
        return _TARGET
    if examples * _TARGET < _FEWEST:
        return min(_MOST_EPOCHS, _FEWEST // examples)
    if examples * _TARGET > _MOST:
        return max(1, _MOST // examples)
    return _TARGET


def passes(given: int | Literal["auto"], *, examples: int, rule: Epochs) -> Passes:
    """Give the passes that will be billed.

    Where the platform's rule is not documented, from 1 to the cookbook's number: Azure's own example trains 500
    examples for 2 epochs where the cookbook's rule says 3 (fine-tuning-cost-management.md, 2026-02-11).
    """
    if given != "auto":
        return Passes(given, given, "given")
    if rule.rule == "fixed" and rule.fixed is not None:
        return Passes(rule.fixed, rule.fixed, "platform default")
    guess = cookbook_epochs(examples)
    if rule.rule == "openai-cookbook":
        return Passes(guess, guess, "cookbook rule")
    return Passes(1, guess, "assumed")
