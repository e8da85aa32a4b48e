"""The house stands: data flows one way, rooms do not call each other, third parties enter by one door."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2] / "pipeline"
FILES = sorted(HOUSE.rglob("*.py"))
TOP = {
    "__init__",
    "__main__",
    "account",
    "cluster",
    "exams",
    "diff",
    "export",
    "fates",
    "frame",
    "forget",
    "generated",
    "onepass",
    "pinned",
    "plan",
    "preflight",
    "portrayed",
    "reviewing",
    "submitting",
    "rows",
    "run",
    "setting",
    "start",
    "unchanged",
    "yardstick",
}
"""Modules that know the order of the rooms."""
DOORS = {
    "tiktoken": "measure",
    "gigatoken": "measure",
    "openai": ("measure/providers", "submit/door.py"),
    "great_expectations": "report",
    "calamine": "read",
    "python_calamine": "read",
    "zstandard": "read",
    "charset_normalizer": "read",
    "ftfy": "compose",
    "jsonschema_rs": "core/schema.py",
    "rapidfuzz": "group",
    "re2": "core/lines.py",
    "stdnum": "core/private",
    "presidio_analyzer": "compose/names.py",
    "ray": "engines/cluster.py",
    "obstore": "core/remote/objects.py",
    "boto3": "core/remote/objects.py",
    "urllib3": "core/remote/web.py",
    "huggingface_hub": "core/remote/hub.py",
    "rich": ("cli", "report"),
    "click": ("cli", "__main__.py"),
}
NEVER = {"os.environ", "os.getenv", "time.time", "datetime.now", "date.today", "print"}
ALLOWED = {
    "measure/moderation/moderate.py": {
        "time.time"
    },  # a limit a minute needs a clock; it is a parameter, this is its default
    "report/gate.py": {"os.environ"},  # a program of its own, run as a process; it silences what it imports
}


def room(path: Path) -> str:
    first = path.relative_to(HOUSE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "pipeline":
                yield from (f"pipeline.{alias.name}" for alias in node.names)


def ids(path: Path) -> str:
    return str(path.relative_to(HOUSE))


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_room_imports_only_itself_and_the_core(path: Path) -> None:
    here = room(path)
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("pipeline.")}
    if here in TOP:
        assert "cli" not in ours or here == "__main__"
    elif here != "cli":
        assert ours <= {"core", here} | ({"check"} if here == "rules" else set()) | (
            {"rules"} if here == "check" else set()
        )


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_third_party_enters_by_one_door(path: Path) -> None:
    at = str(path.relative_to(HOUSE))
    for name in imports(path):
        doors = DOORS.get(name.split(".")[0], "")
        assert any(at.startswith(door) for door in ([doors] if isinstance(doors, str) else doors)), (
            f"{at} imports {name}"
        )


@pytest.mark.parametrize("path", [p for p in FILES if room(p) not in {"cli", "__main__"}], ids=ids)
def test_library_code_asks_neither_clock_nor_environment_and_does_not_print(path: Path) -> None:
    never = NEVER - ALLOWED.get(str(path.relative_to(HOUSE)), set())
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute | ast.Name):
            assert ast.unparse(node) not in never, f"{path.name}:{node.lineno} {ast.unparse(node)}"


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_every_module_and_public_name_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_")]

    assert ast.get_docstring(tree)
    assert [node.name for node in named if not ast.get_docstring(node)] == []
