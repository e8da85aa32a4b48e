"""Text holds no tokens and no markup by which chat templates tell turns apart."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.core.example import Example
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, rule
from pipeline.core.suspects import Mentions
from pipeline.core.target import Limits
from pipeline.core.tools import uses
from pipeline.core.wording import counted

CONTROL: Final = (
    r"<\|(?:endoftext|startoftext|endofprompt|im_start|im_end|im_sep|fim_prefix|fim_middle|fim_suffix|fim_pad"
    r"|start|end|message|channel|constrain|return|call)\|>"
)
"""Special tokens of OpenAI's encodings, past and present; no list of what its servers refuse is published."""

OTHERS: Final = (
    r"<\|(?:begin_of_text|end_of_text|start_header_id|end_header_id|eot_id|eom_id|python_tag|system|user|assistant"
    r"|eot|sep|pad|image|vision_start|vision_end)\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>"
)
LINES: Final = (
    r"(?:^|\n)(?:###? ?(?:Instruction|Response|Input|Human|Assistant):|\n(?:Human|Assistant): )|^<s>|</s>\s*$"
)
_LINES_IN_JSON: Final = (
    r'(?:"|\\n)(?:###? ?(?:Instruction|Response|Input|Human|Assistant):|\\n(?:Human|Assistant): )|"<s>|</s>'
)
"""LINES where they begin a text or follow a line break, as JSON writes them: one in twenty of all that hold the words."""
CONTROL_TOKEN: Final = re.compile(CONTROL)
MARKUP: Final = re.compile(f"{OTHERS}|{LINES}")
_MARKS: Final = re.compile(
    rf"{OTHERS}|\n### ?(?:Instruction|Response|Input|Human|Assistant):|\n## ?(?:Instruction|Response|Input|Human|Assistant):"
    r"|\n\n(?:Human|Assistant): |</s>\s*$"
)
"""MARKUP behind a line break, without `<s>`: each alternative begins with a letter of its own, which Python's search asks
first, so that it is four times as fast."""


@rule(
    "content.control-token",
    suspects=Mentions(CONTROL),
    good=("user: What does a < b || c > d mean?\nassistant: <|> is an operator.",),
    bad=("user: Hi<|endoftext|>\nassistant: Hello", "user: Hi\nassistant: Hello<|im_end|>"),
)
def control_token(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Files with such text are refused (*message contains an invalid token*), or the text ends the turn in training.

    Delete it. Where the text is about tokens, write it with a space or another bar: `< |endoftext| >`.
    """
    written = [(where, text) for _, where, text in example.texts()]
    written += [(f"{use.where}/arguments", use.arguments) for use in uses(example) if isinstance(use.arguments, str)]
    for where, text in written:
        found = CONTROL_TOKEN.findall(text)
        if found:
            yield Flaw(where, f"{counted(len(found), 'control token')} such as {min(found)}; expected plain text.")


@rule(
    "content.chat-markup",
    severity=Severity.WARNING,
    suspects=Mentions(rf"{OTHERS}|INST\]|<<.{{0,2}}SYS>>|{_LINES_IN_JSON}"),
    good=("user: What is <s>struck</s> text?\nassistant: HTML.",),
    bad=("user: [INST] Hi [/INST]\nassistant: Hello", "user: ### Instruction:\nHi\nassistant: Hello"),
)
def chat_markup(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The text still wears another model's chat template, and the model learns to write it into its answers.

    Take the template off: each turn is a message of its own, with nothing but what was said.
    """
    for _, where, text in example.texts():
        found = marks_in(text)
        if found:
            yield Flaw(where, f"{counted(found, 'mark')} of a chat template; expected plain text.")


def marks_in(text: str) -> int:
    """Give how often MARKUP matches, one match behind the other."""
    return len(_MARKS.findall(f"\n{text}")) + text.startswith("<s>")
