"""The shape of an example as plain numbers, so that rules find their suspects at the speed of Arrow."""

from enum import IntFlag
from string import ascii_lowercase
from typing import Final

ROLE_LETTERS: Final = {"system": "s", "developer": "d", "user": "u", "assistant": "a", "tool": "t", "function": "f"}
"""One letter a role; any other role is `?`. `shape.roles` is a word of these, so role rules are regular expressions."""

OPEN: Final = frozenset(ascii_lowercase + ",")
"""Last characters of a sentence that goes on."""
LONG_ANSWER: Final = 200
"""Characters from which on an answer is expected to end in a full stop."""

LABELS: Final = tuple(
    f"{name}:" for name in ("Assistant", "ASSISTANT", "AI", "Bot", "BOT", "ChatGPT", "GPT", "Human", "HUMAN")
)
"""Names of speakers as transcripts put them before what was said."""


class Bit(IntFlag):
    """What an example has; a set bit may over-report (it only makes a suspect), an unset bit is certain."""

    WEIGHT = 1 << 0
    NAME = 1 << 1
    TOOLS = 1 << 2
    TOOL_CALLS = 1 << 3
    PARTS = 1 << 4  # content that is a list
    IMAGE = 1 << 5
    REFUSAL = 1 << 6
    FUNCTION_CALL = 1 << 7  # the deprecated functions and function_call
    NULL_CONTENT = 1 << 8  # content that is null or missing
    BLANK_CONTENT = 1 << 9  # content that is empty or only white space
    EXTRA_TOP_KEY = 1 << 10  # a top-level key beyond messages, tools, parallel_tool_calls, functions
    EXTRA_TURN_KEY = 1 << 11  # a key in a turn beyond the schema's
    PARALLEL = 1 << 12  # parallel_tool_calls is present
    EDGE_SPACE = 1 << 13  # some content begins or ends with white space
    NOT_NFC = 1 << 14
    CONTROL_CHARACTER = 1 << 15  # C0 or C1 characters other than tab, line feed, carriage return
    SURROGATE = 1 << 16
    ALTERNATIVES = 1 << 17  # the last answer is one line with two semicolons or bars
    OPEN_END = 1 << 18  # a text of an assistant turn has LONG_ANSWER characters and ends in a small letter or a comma
    LABELLED = 1 << 19  # a text of an assistant turn begins with a speaker's name
