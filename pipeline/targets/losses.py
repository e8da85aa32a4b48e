"""What a conversion changes or gives up: a code each, so that nothing is lost silently and losses can be counted."""

from typing import Final, Literal, NamedTuple, TypeAlias

from pipeline.core.example import Json

Kind: TypeAlias = Literal["change", "loss", "left out"]

LOSSES: Final[dict[str, tuple[Kind, str]]] = {
    "arguments.reformatted": ("change", "Tool arguments became objects: their spacing and key order are not kept."),
    "functions.as-tools": ("change", "The deprecated functions and function_call became tools and tool_calls."),
    "parts.joined": ("change", "Text parts became one text."),
    "refusal.as-text": ("change", "A refusal became the turn's content."),
    "roles.developer": ("change", "Developer turns became system turns."),
    "roles.system": ("change", "System turns became developer turns."),
    "system.empty": ("change", "A system turn without text is not written."),
    "system.folded": ("change", "The system turn was put before the first user turn's text."),
    "system.joined": ("change", "Several leading system turns became one."),
    "tools.answers-joined": ("change", "Answers of parallel tool calls became one turn."),
    "tools.completed": ("change", "A tool definition got an empty description or parameters."),
    "tools.ids-dropped": ("change", "Tool calls have no ids there; answers follow in the order of the calls."),
    "tools.ids-renamed": ("change", "Tool call ids were renamed to the length that is taken."),
    "turns.merged": ("change", "Turns of one role in a row became one turn."),
    "call.words-dropped": ("loss", "What the assistant said beside a tool call is dropped."),
    "image.detail-dropped": ("loss", "The detail setting of images is dropped."),
    "keys.dropped": ("loss", "Keys that have no place there are dropped."),
    "name.dropped": ("loss", "Names of speakers are dropped."),
    "parallel.dropped": ("loss", "parallel_tool_calls is dropped."),
    "system.moved": ("loss", "System turns inside the conversation were moved to its beginning."),
    "tools.dropped": ("loss", "Tool definitions that no turn uses are dropped."),
    "weight.dropped": ("loss", "Turns of weight 0 will be trained on."),
    "arguments.not-json": ("left out", "Tool arguments are not a JSON object."),
    "image.address": ("left out", "An image lies where the target cannot read it."),
    "image.not-taken": ("left out", "It shows an image; the target takes text only."),
    "image.too-many": ("left out", "It shows more images than the target takes."),
    "method.not-held": ("left out", "The format has no form for this method."),
    "reserved.word": ("left out", "It holds a word that makes the job fail."),
    "roles.not-taken": ("left out", "A turn has a role that is not taken and has no counterpart."),
    "shape.broken": ("left out", "It does not have the shape of schemas/; `tuneset check` says where."),
    "tools.not-taken": ("left out", "It calls tools; the target takes none."),
    "tools.no-call": ("left out", "A tool's answer names no call before it."),
    "turns.first-role": ("left out", "It does not begin with the role that must come first."),
    "turns.last-role": ("left out", "It does not end with the role that must come last."),
    "turns.not-alternating": ("left out", "User and assistant do not alternate and cannot be merged."),
    "turns.too-many": ("left out", "It has more than one question and answer."),
}
"""Code → kind and one sentence. A `change` says the same otherwise; a `loss` gives something up; `left out` is no line."""


class Loss(NamedTuple):
    """One thing that a conversion did to one example."""

    code: str
    """A key of LOSSES."""

    @property
    def kind(self) -> Kind:
        """Say how grave it is."""
        return LOSSES[self.code][0]

    @property
    def message(self) -> str:
        """Give the sentence for people."""
        return LOSSES[self.code][1]


class Exported(NamedTuple):
    """What became of one example: its line in the target's format, and what that cost."""

    line: Json
    """None: the example is left out, and the last of the losses says why."""
    losses: tuple[Loss, ...] = ()
    """Each code once, in the order of the conversion."""


class LeftOutError(Exception):
    """An example cannot be said in a format; `loss` says why. It never leaves this room."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.loss = Loss(code)


def once(*losses: tuple[Loss, ...]) -> tuple[Loss, ...]:
    """Give the losses of several steps in order, each code once."""
    return tuple(dict.fromkeys(loss for step in losses for loss in step))
