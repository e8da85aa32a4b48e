"""What a plan writes for a turn: a column's name, a fixed text, or a sandboxed Jinja template.

The rule is one and has no exceptions: a value that holds `{{` or `{%` is a template; any other value is a column's name
where a column is expected (`user`, `assistant`), and the text itself where a text is expected (`system`,
`instruction`). In a template every column is a name, and `record["Ticket body"]` reaches columns that are not words.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from pipeline.compose.cells import filled, nearest, text_at
from pipeline.compose.outline import Column, Part
from pipeline.compose.recipe import Record
from pipeline.core.errors import PlanError
from pipeline.core.example import Json
from pipeline.core.trouble import Trouble

if TYPE_CHECKING:
    from jinja2.nodes import Node
    from jinja2.sandbox import SandboxedEnvironment

_NO_COLUMNS: Final = frozenset({"record", "self", "super", "loop", "caller", "varargs", "kwargs"})
"""Names that jinja or we give a meaning of their own."""

Writer: TypeAlias = Callable[[Record], str]


def is_template(value: str) -> bool:
    """Say whether a plan's value is a template."""
    return "{{" in value or "{%" in value


def turn(value: str, *, setting: str, role: str) -> Writer:
    """Give the writer of a turn that must not be empty: from a column, or from a template."""
    if not is_template(value):
        return lambda record: filled(text_at(record, value), value, role)
    render = template(value, setting=setting)

    def write(record: Record) -> str:
        text = render(record)
        if not text or text.isspace():
            raise Trouble("compose.empty", f"Template `{setting}` gave no text; the {role} turn needs some.")
        return text

    return write


def fixed(value: str, *, setting: str, **names: Json) -> Writer:
    """Give the writer of a fixed text, or of a template; either may be empty. `names` are known to the template."""
    return template(value, setting=setting, **names) if is_template(value) else lambda _: value


def system_turn(system: str, column: str | None) -> Writer:
    """Give the writer of the system turn: the column's text where there is some, otherwise the fixed text."""
    write = fixed(system, setting="system")
    return write if column is None else lambda record: text_at(record, column).strip() or write(record)


def column_parts(value: str) -> tuple[Part, ...] | None:
    """Give the parts of a turn that a column or a template writes; None: it does more than join texts and columns."""
    return text_parts(value) if is_template(value) else (Column(value),)


def text_parts(value: str) -> tuple[Part, ...] | None:
    """Give the parts of a fixed text or a template; None: the template does more than join texts and columns."""
    if is_template(value):
        return _parts(value)
    return (value,) if value else ()


@lru_cache(maxsize=256)
def _parts(source: str) -> tuple[Part, ...] | None:
    from jinja2.nodes import Output

    body = _environment().parse(source).body
    shown = [node for output in body if isinstance(output, Output) for node in output.nodes]
    parts = tuple(part for part in map(_part, shown) if part is not None)
    return parts if len(parts) == len(shown) and all(isinstance(node, Output) for node in body) else None


def _part(node: "Node") -> Part | None:
    from jinja2.nodes import Const, Getitem, Name, TemplateData

    if isinstance(node, TemplateData):
        return node.data
    if isinstance(node, Name) and node.name not in _NO_COLUMNS and unicodedata.is_normalized("NFKC", node.name):
        return Column(node.name)  # jinja's names are names of Python, for which other forms of letters are the same
    if isinstance(node, Getitem) and isinstance(node.node, Name) and node.node.name == "record":
        key = node.arg.value if isinstance(node.arg, Const) else None
        return Column(key) if isinstance(key, str) else None
    return None


def template(source: str, *, setting: str, **names: Json) -> Writer:
    """Compile a template; a PlanError where it cannot be. Rendering raises Trouble for names that the record lacks."""
    from jinja2 import TemplateSyntaxError, UndefinedError

    try:
        compiled = _environment().from_string(source)
    except TemplateSyntaxError as error:
        raise PlanError(f"`{setting}`: line {error.lineno} of the template: {error.message}.") from None
    parts = _parts(source)

    def render(record: Record) -> str:
        if parts is not None and (joined := _joined(parts, record)) is not None:
            return joined
        try:
            return compiled.render({"record": record, **names, **record})
        except UndefinedError as error:
            raise Trouble("compose.template", f"`{setting}`: {_undefined(error.message, record)}") from None
        except Exception as error:  # noqa: BLE001 - whatever a template's own code raises is the template's flaw, not ours
            raise Trouble("compose.template", f"`{setting}` failed while it was rendered: {_kind(error)}.") from None

    return render


def _joined(parts: Iterable[Part], record: Record) -> str | None:
    """Give what jinja would, in a tenth of its time; None: some column is not there or no text, which is jinja's to say."""
    cells = [part if isinstance(part, str) else record.get(part.name) for part in parts]
    texts = [cell for cell in cells if isinstance(cell, str)]
    return "".join(texts) if len(texts) == len(cells) and "record" not in record else None


def _undefined(message: str | None, record: Record) -> str:
    name = re.fullmatch(r"'([^']*)' is undefined", message or "")
    if name is None:
        return "a name that the record lacks."
    return f"no column `{name[1]}`; {nearest(name[1], record)}"


def _kind(error: Exception) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()


@cache
def _environment() -> "SandboxedEnvironment":
    """One a process: compiling is dear, rendering cheap. Text is data here, so nothing is escaped as HTML."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
        finalize=lambda value: "" if value is None else value,
    )
    environment.filters["regex_replace"] = _regex_replace
    return environment


def _regex_replace(text: str, pattern: str, replacement: str = "") -> str:
    return re.sub(pattern, replacement, text)
