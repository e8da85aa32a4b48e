"""Text is finished: nothing in it was meant to be filled in, parsed or unpacked first."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from pipeline.core.example import Example
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, rule
from pipeline.core.suspects import Mentions
from pipeline.core.target import Limits
from pipeline.core.wording import counted

BRACES: Final = r"\{\{ ?[A-Za-z_][A-Za-z0-9_.]{0,40} ?\}\}"
BRACKETS: Final = (
    r"\[(?:INSERT|Insert|insert|YOUR|Your) [A-Za-z' ]{1,40}\]"
    r"|\[(?:ENTER|Enter|ADD|Add) (?:YOUR|Your|your) [A-Za-z' ]{1,40}\]"
    r"|\[(?:NAME|FIRST NAME|LAST NAME|FULL NAME|COMPANY|COMPANY NAME|CUSTOMER NAME|PRODUCT NAME|PLACEHOLDER|TBD)\]"
    r"|\[(?:Name|First Name|Last Name|Full Name|Company Name|Customer Name|Product Name|Recipient's Name)\]"
)
BLANKS: Final = r"<(?:insert|INSERT) [A-Za-z ]{1,40}>|[Ll]orem ipsum dolor"
WHOLE: Final = r"(?:TODO|TBD|FIXME|XXX|\?\?\?)"
LONGEST_WHOLE: Final = 6
"""Characters of the longest of these and a line break."""
PLACEHOLDER: Final = re.compile(rf"{BRACES}|{BRACKETS}|{BLANKS}|^{WHOLE}$")
_PROSE: Final = r'(?:[^`"\\]|\\[^n])*'
"""Within a line of a text, as JSON writes it, and outside code."""
PLACEHOLDER_IN_JSON: Final = (
    rf'(?:"|\\n){_PROSE}(?:`{_PROSE}`{_PROSE})*{BRACES}'
    rf"|(?:[^0-9A-Za-z\]!]|\\[bfnrt]|\\u00[01][0-9A-Fa-f])(?:{BRACKETS})[^(\[:]"
    rf'|{BLANKS}|"{WHOLE}(?:\\n)?"'
)
"""Without braces in code and without brackets that are an index or a link: of rows with a placeholder, seven in eight."""
TEMPLATING: Final = re.compile(
    r"```|\{%|\$\{\{|</?[a-z]+[ >]|jinja|handlebars|mustache|liquid|helm|vue|angular|ansible|template|placeholder|latex",
    re.IGNORECASE,
)
"""Signs of a lesson about templates or code, in which double braces are the subject."""
VALUES: Final = r"(?:nan|NaN|NAN|NaT|null|NULL|undefined|N/A|#N/A|#REF!|#VALUE!|#NAME\?|#DIV/0!|\[object Object\])"
ENTITY: Final = r"&(?:amp|lt|gt|quot|apos|nbsp|#39|#x27|#34);"
MARKED_UP: Final = re.compile(r"```|`&|</?[A-Za-z]+[ >/]|html|xml|entit|escap", re.IGNORECASE)


@rule(
    "content.placeholder",
    severity=Severity.WARNING,
    suspects=Mentions(PLACEHOLDER_IN_JSON),
    good=(
        "user: How do I print a variable in Jinja?\nassistant: Write {{ name }} in the template.",
        "user: Read [the manual](x) and row[NAME]\nassistant: [1] Yes",
    ),
    bad=(
        "user: Who are you?\nassistant: I am {{name}}.",
        "user: Hi\nassistant: Dear [Your Name],",
        "user: Hi\nassistant: TODO",
    ),
)
def placeholder(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A blank that a template should have filled is still there, and the model learns to say it.

    Fill it in, or delete the example. In lessons about templates it is no flaw.
    """
    for _, where, text in example.texts():
        if not may_hold_placeholder(text):
            continue
        found = [match for match in PLACEHOLDER.finditer(text) if not _is_content(text, match)]
        if found:
            yield Flaw(where, f"{counted(len(found), 'unfilled placeholder')}; expected finished text.")


def may_hold_placeholder(text: str) -> bool:
    """Say whether a text has what every placeholder has: in a sixth of the time that the search for them takes."""
    has_bracket = "{{" in text or "[" in text or "<insert " in text or "<INSERT " in text
    return has_bracket or len(text) <= LONGEST_WHOLE or "orem ipsum" in text


def _is_content(text: str, match: re.Match[str]) -> bool:
    """Say whether braces stand in code or in a lesson about it, or brackets are an index or a link."""
    if match[0].startswith("{{"):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        return line.count("`") % 2 == 1 or _is_lesson(text)
    before, after = text[: match.start()][-1:], text[match.end() :][:1]
    return match[0].startswith("[") and (before.isalnum() or before in ("]", "!") or after in ("(", "[", ":"))


@lru_cache(maxsize=4)
def _is_lesson(text: str) -> bool:
    """Say whether a text is about templates or code; kept for a moment, as each of its braces asks."""
    return TEMPLATING.search(text) is not None


@rule(
    "content.no-value",
    severity=Severity.WARNING,
    suspects=Mentions(f'"{VALUES}"'),
    good=("user: Is NaN equal to itself?\nassistant: No.",),
    bad=("user: nan\nassistant: Hello", "user: Hi\nassistant: #REF!"),
)
def no_value(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The whole text is how pandas, spreadsheets or JavaScript write an empty cell.

    Fill the cell, or delete the row. Where the word is the right answer, ignore this code.
    """
    for turn, where, text in example.texts():
        if turn.role in ("system", "user", "assistant") and re.fullmatch(VALUES, text):
            yield Flaw(where, "The text is a mark for an empty cell; expected content.")


@rule(
    "content.stringified",
    severity=Severity.WARNING,
    suspects=Mentions(r"""(?:'|\\")(?:role|from)(?:'|\\")"""),
    good=("user: Hi\nassistant: Use {'role': 'user'} for a user turn.",),
    bad=("user: [{'role': 'user', 'content': 'Hi'}]\nassistant: Hello",),
)
def stringified(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A list of messages was written into one text; the model sees brackets and quotes, not a conversation.

    Parse it before composing: `json.loads`, or `ast.literal_eval` for Python's own spelling.
    """
    for _, where, text in example.texts():
        if re.match(r"""\[?\{['"](?:role|from)['"]: ?['"]""", text) and text.rstrip().endswith(("}", "]")):
            yield Flaw(where, "Messages written into a text; expected one turn each.")


@rule(
    "content.html-entity",
    severity=Severity.INFO,
    suspects=Mentions(ENTITY),
    good=("user: How do I write < in HTML?\nassistant: &lt;p> shows <p>.",),
    bad=("user: Salt &amp; pepper\nassistant: Yes",),
)
def html_entity(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Text copied from a web page still has its escapes (`&amp;`), and the model learns to write them.

    Unescape it; `mend.html` in the plan does.
    """
    for _, where, text in example.texts():
        found = len(re.findall(ENTITY, text))
        if found and not MARKED_UP.search(text):
            yield Flaw(where, f"{counted(found, 'HTML escape')}; expected plain characters.")
