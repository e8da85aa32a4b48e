r"""Takes a transcript in one text apart into turns: `Speaker: text`, `\n\nHuman:`, `[09:14] <nick> text`."""

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

Form: TypeAlias = Literal["auto", "lines", "blocks", "irc"]


def _spoken_by(role: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), role)


KNOWN: Final = {
    **_spoken_by("system", "system"),
    **_spoken_by("user", "user human customer client caller prompter visitor patient student question asker guest q"),
    **_spoken_by("user", "benutzer nutzer kunde kundin usuario cliente utilisateur 用户 问"),
    **_spoken_by(
        "assistant", "assistant agent bot ai gpt chatgpt claude model support operator representative advisor"
    ),
    **_spoken_by("assistant", "answer a assistent mitarbeiter asistente agente 助手 客服 答"),
}
"""Speakers that need no entry in a plan's `speakers`, in lower case."""

_IRC: Final = re.compile(r"\[?\d{1,2}:\d\d(?::\d\d)?\]?\s+<[ @+%~&]?([^<>\s]+)>(?: (.*))?$")
_LABEL: Final = re.compile(r"(?:[-•]?[ \t]*([*_]{1,2})[ \t]*)?([^\s:：*_][^:：\n]{0,39}?)[*_\s]*[:：](?!//)(.*)$")
"""A speaker, maybe set off as Markdown does: `**Ann:** Hi`, `*Ann*: Hi`, `* Ann: Hi *`."""
_BLOCK: Final = re.compile(r"(?:\A\n*|\n[^\S\n]*\n\n*)([^\s:][^:\n]{0,39}):[ \t]?")


class Line(NamedTuple):
    """What one speaker said in one go."""

    speaker: str
    text: str


class Parts(NamedTuple):
    """A transcript taken apart, and what of it belongs to no turn."""

    lines: list[Line]
    left_out: frozenset[str] = frozenset()
    """`preamble`: text before the first speaker; `cut-label`: a label cut at the very end; `notices`: joins and parts."""


def take_apart(text: str, *, form: Form, speakers: Iterable[str], takes_any: bool = False) -> Parts:
    """Give the turns in order; none where no line begins with one of the speakers.

    `speakers` are compared without regard to case; under `takes_any` every label counts. Lines without a speaker go on
    with the turn before.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    names = frozenset(speaker.lower() for speaker in speakers)
    chosen = _form(text) if form == "auto" else form
    if chosen == "irc":
        return _irc(text)
    if chosen == "blocks":
        return _blocks(text, names, takes_any=takes_any)
    return _lines(text, names, takes_any=takes_any)


def _form(text: str) -> Form:
    if any(_IRC.match(line) for line in text.split("\n", 50)[:50]):
        return "irc"
    return "blocks" if re.search(r"(?:\A|\n)\n+(?:Human|Assistant|H|A):", text) else "lines"


def _irc(text: str) -> Parts:
    """Chat lines only; a line of another shape is a join, a part or an action, said by nobody."""
    rows = [line for line in text.split("\n") if line.strip()]
    found = [match for line in rows if (match := _IRC.match(line))]
    lines = [Line(match[1], match[2] or "") for match in found]
    return Parts(lines, frozenset({"notices"}) if len(found) < len(rows) else frozenset())


def _blocks(text: str, names: frozenset[str], *, takes_any: bool) -> Parts:
    r"""`\n\nHuman: ...`: a label counts only after a blank line or at the very beginning."""
    marks = [mark for mark in _BLOCK.finditer(text) if takes_any or mark[1].lower() in names]
    ends = [mark.start() for mark in marks[1:]] + [len(text)] * bool(marks)
    lines = [Line(mark[1], text[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=True)]
    is_led = bool(marks) and bool(text[: marks[0].start()].strip())
    return Parts(lines, frozenset({"preamble"}) if is_led else frozenset())


def _lines(text: str, names: frozenset[str], *, takes_any: bool) -> Parts:
    body = _without_cut_label(text, names)
    turns: list[tuple[str, list[str]]] = [("", [])]
    for line in body.split("\n"):
        found = _LABEL.match(line)
        if found and (takes_any or found[2].lower() in names):
            turns.append((found[2], [_said(found)]))
        else:
            turns[-1][1].append(line)
    left_out = {"preamble"} if len(turns) > 1 and "".join(turns[0][1]).strip() else set()
    left_out |= {"cut-label"} if body != text else set()
    lines = [Line(speaker, "\n".join(said).strip()) for speaker, said in turns[1:]]
    return Parts(lines, frozenset(left_out))


def _said(label: re.Match[str]) -> str:
    """Give the text behind a label without the mark that opened before the speaker, wherever it closes."""
    mark, text = label[1], str(label[3])
    if not mark:
        return text.lstrip()
    closed_before = label[0][: label.start(3)].count(mark) > 1
    if closed_before:
        return text.lstrip()
    bare = text.lstrip()
    if bare.startswith(mark):
        return bare.removeprefix(mark).lstrip()
    return bare.rstrip().removesuffix(mark).rstrip()


def _without_cut_label(text: str, names: frozenset[str]) -> str:
    """Drop a last line that is the beginning of a speaker's label, as a model out of tokens leaves it (`User `)."""
    body, _, last = text.rstrip("\n").rpartition("\n")
    begun = last.strip().rstrip(":").lower()
    is_cut = len(begun) > 1 and bool(body) and any(name.startswith(begun) for name in names)
    return body if is_cut else text
