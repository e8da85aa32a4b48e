"""Examples in docstrings are run."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import pipeline

HOME = Path(pipeline.__file__).parent
FILES = sorted(file for file in HOME.rglob("*.py") if ">>> " in file.read_text("utf-8"))


def test_there_are_examples_to_run():
    assert FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(HOME).as_posix())
def test_examples_in_docstrings_say_what_happens(file):
    name = ".".join(file.relative_to(HOME.parent).with_suffix("").parts)
    failed, tried = doctest.testmod(import_module(name))

    assert tried
    assert failed == 0
