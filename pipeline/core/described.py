"""Models whose schemas tell what each field means: the docstring below an attribute becomes its description.

pydantic can do so itself, on every import of every model, which takes an eighth of a second; only schemas ask for it.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, TypeVar, get_args

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)


def described(model: type[Model]) -> type[Model]:
    """Give the model, it and all that its fields hold described by their docstrings."""
    for one in _inside_out(model):
        for owner in reversed(one.__mro__):
            for name, text in _docstrings(owner) if issubclass(owner, BaseModel) and owner is not BaseModel else ():
                one.model_fields[name].description = text
        one.model_rebuild(force=True)
    return model


def _inside_out(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Give every model that the fields hold, then the model itself: a schema takes those of its fields as they are."""
    inner = [
        one
        for field in model.model_fields.values()
        for found in _models(field.annotation)
        for one in _inside_out(found)
    ]
    return list(dict.fromkeys([*inner, model]))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _docstrings(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Give name and docstring of the attributes that a class itself declares."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    for field, text in pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(told))):
                yield name, inspect.cleandoc(told)
