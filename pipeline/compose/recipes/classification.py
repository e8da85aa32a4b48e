"""A text column and a label column: the model answers with the label alone."""

from typing import Literal

from pydantic import Field

from pipeline.compose.cells import filled, text_at
from pipeline.compose.recipe import Composed, Cook, Record, recipe
from pipeline.compose.template import is_template, system_turn, template, turn
from pipeline.compose.turns import Said, messages
from pipeline.core.target import Settings
from pipeline.core.trouble import Trouble


class Classification(Settings):
    """Texts with labels: intents, topics, sentiments."""

    recipe: Literal["classification"] = "classification"
    text: str = "text"
    """Column or template of what is to be classified."""
    label: str = "label"
    """Column of the label."""
    labels: tuple[str, ...] = ()
    """Every label as the model should say it. Given: other labels keep their row out, and the system turn lists them."""
    names: dict[str, str] = Field(default_factory=dict)
    """Label as the file has it → label as the model should say it, such as `{"0" = "hate"}`."""
    system: str = ""
    """Fixed text, or template that may use `labels`. Empty: one that lists `labels` where they are given."""


_LISTING = "Classify the text. Answer with one of these labels and nothing else: {{ labels | join(', ') }}."


@recipe(Classification)
def classification(settings: Classification) -> Cook:
    """Give the cook of classifications."""
    ask = turn(settings.text, setting="text", role="user")
    words = settings.system or (_LISTING if settings.labels else "")
    listed = list(settings.labels)
    system = template(words, setting="system", labels=listed) if is_template(words) else system_turn(words, None)
    known = frozenset(settings.labels)

    def compose(record: Record) -> Composed:
        label = filled(text_at(record, settings.label), settings.label, "assistant").strip()
        label = settings.names.get(label, label)
        if known and label not in known:
            raise Trouble("compose.label", f"Column `{settings.label}` holds none of the {len(known)} `labels`.")
        turns = messages((Said("user", ask(record)), Said("assistant", label)), system=system(record))
        return Composed({"messages": turns})

    return compose
