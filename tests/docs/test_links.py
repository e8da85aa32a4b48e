"""Pages: what they link to is there, and every command line on them is one that the program takes."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from pipeline.cli import tuneset

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "examples/README.md", *ROOT.glob("data/raw/*.md")]
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
LANGUAGES = ("", "bash", "sh", "console", "text", "shell")


class Place(NamedTuple):
    """Where something stands."""

    page: str
    line: int
    what: str


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """Give the lines outside code blocks with their numbers."""
    is_code = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code:
            yield number, line


def code(page: Path) -> Iterator[tuple[int, str]]:
    """Give the lines of code blocks that hold commands, those that end in a backslash joined."""
    language: str | None = None
    held, begin = "", 0
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            language = line.strip().removeprefix("```").split(" ")[0] if language is None else None
        elif language in LANGUAGES and language is not None:
            begin = begin if held else number
            held += line.strip().removesuffix("\\") + " "
            if not line.rstrip().endswith("\\"):
                yield begin, held.strip()
                held = ""


def anchors(page: Path) -> set[str]:
    """Give the anchors that GitHub makes of the page's headings, and those set by hand."""
    found: dict[str, int] = {}
    result = set()
    for _, line in prose(page):
        result |= set(re.findall(r'<a (?:id|name)="([^"]+)"', line))
        if heading := re.match(r"#{1,6}\s+(.*?)\s*#*$", line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            count = found.get(slug, 0)
            found[slug] = count + 1
            result.add(f"{slug}-{count}" if count else slug)
    return result


def relative_links() -> list[Place]:
    return [
        Place(str(page.relative_to(ROOT)), number, link)
        for page in PAGES
        for number, line in prose(page)
        for link in LINK.findall(line)
        if not re.match(r"[a-z]+:", link)
    ]


def commands() -> list[Place]:
    found = []
    for page in PAGES:
        spans = [(n, span) for n, line in prose(page) for span in re.findall(r"`(tuneset [^`]+)`", line)]
        for number, line in [*spans, *code(page)]:
            if command := re.match(r"(?:\$ )?(?:python -m pipeline|tuneset)\b(?!\.)(.*)", line):
                found.append(Place(str(page.relative_to(ROOT)), number, command[1].split("  ")[0].split(" #")[0]))
    return found


def names(places: list[Place]) -> list[str]:
    return [f"{place.page}:{place.line}" for place in places]


LINKS, COMMANDS = relative_links(), commands()


@pytest.mark.parametrize("place", LINKS, ids=names(LINKS))
def test_a_link_leads_somewhere(place: Place) -> None:
    path, _, anchor = place.what.partition("#")
    target = (ROOT / place.page).parent / path if path else ROOT / place.page

    assert target.exists(), f"{place.what} is not there"
    if anchor and target.suffix == ".md":
        assert anchor in anchors(target), f"no heading of {target.name} gives #{anchor}"


@pytest.mark.parametrize("place", COMMANDS, ids=names(COMMANDS))
def test_a_command_line_is_one_that_the_program_takes(place: Place) -> None:
    words = [word for word in shlex.split(place.what) if word not in ("...", "|", ">")]
    if not words or words[0].startswith("-"):
        return

    command = tuneset.get_command(click.Context(tuneset), words[0])

    assert command is not None, f"there is no `tuneset {words[0]}`"
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    asked = {word.split("=")[0] for word in words[1:] if word.startswith("-") and len(word) > 1}
    assert asked <= known | {"--help", "-h"}


def test_every_page_of_docs_is_reached_from_another() -> None:
    linked = {((ROOT / place.page).parent / place.what.partition("#")[0]).resolve() for place in LINKS}

    assert [page.name for page in PAGES if page.parent == ROOT / "docs" and page.resolve() not in linked] == []


def test_there_is_something_to_check() -> None:
    assert len(LINKS) > 20
    assert len(COMMANDS) > 5
