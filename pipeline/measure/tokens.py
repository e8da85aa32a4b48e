"""Tokens of examples by role, by the two known formulas.

`chat` (for cost and limits): each message is `<|im_start|>role<|im_sep|>content<|im_end|>`, so three tokens, the role's,
the content's, and for a name the name's and one more. Reported to give the very number of OpenAI's billing dashboard
(amitness.com/notes/openai-finetuning-cost, 2025-03-15). OpenAI's notebook formula adds 3 for each example: see
`pipeline.measure.cookbook`.

What OpenAI does not document for training is an estimate: tool definitions by the inference formula of OpenAI's
notebook How_to_count_tokens_with_tiktoken, tool calls as their names and arguments. Images are counted, not their tokens.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.core.columns import TOKENS
from pipeline.core.example import Json, Method
from pipeline.core.passages import PassageTable
from pipeline.core.shape import ROLE_LETTERS
from pipeline.measure.counter import Counter
from pipeline.measure.reading import Readings

Numbers = npt.NDArray[np.int64]

PER_MESSAGE: Final = 3
PER_NAME: Final = 1
COLUMNS: Final = {"system": "sd", "user": "u", "assistant": "aczy", "tool": "tf"}
"""Column → marks of the passages that it sums."""
TRAINED: Final[dict[Method, str]] = {"sft": "ac", "dpo": "ac", "rft": ""}
"""Marks that the loss sees; an RFT example trains on what the model itself writes."""
COUNTED: Final = "sduatf?czynr"


def tokens(found: Readings, *, method: Method, counter: Counter) -> pa.StructArray:
    """Give `columns.TOKENS` a row; null where there is no payload or it is not JSON."""
    said, rows = found.said, len(found.lines)
    marks, texts = _letters(said.marks), said.texts
    row = np.repeat(np.arange(rows), np.diff(said.starts))
    counts = _counted(texts, marks, counter)
    tools = np.bincount(row, weights=_definitions(texts, marks, counter), minlength=rows).astype(np.int64)
    sums = {name: _sum(row, counts, marks, letters, rows) for name, letters in COLUMNS.items()}
    trained = _trained(row, counts, marks, said, method=method)
    overhead = _overhead(found.shapes.field("roles"), counter) + _sum(row, PER_NAME, marks, "n", rows)
    total = _sum(row, counts, marks, COUNTED, rows) + tools + overhead
    images = np.bincount(row, weights=_is(marks, "i"), minlength=rows).astype(np.int64)
    columns = {"total": total, **sums, "tools": tools, "trained": trained, "images": images}
    return pa.StructArray.from_arrays(
        [pa.array(np.minimum(columns[field.name], 2**31 - 1), pa.int32()) for field in TOKENS],
        fields=list(TOKENS),
        mask=pa.array(~found.is_json),
    )


def definition_tokens(definitions: Json, counter: Counter) -> int:
    """Estimate the tokens of tool definitions: OpenAI's inference formula for the models since gpt-4o.

    Source: cookbook, How_to_count_tokens_with_tiktoken, `num_tokens_for_tools`; older models start with 10 a function.
    """
    functions = [_function(tool) for tool in definitions] if isinstance(definitions, list) else []
    if not functions:
        return 0
    lines, fixed = [], 12
    for function in functions:
        fixed += 7
        lines.append(f"{_text(function, 'name')}:{_text(function, 'description').removesuffix('.')}")
        properties = _properties(function)
        fixed += 3 if properties else 0
        for name, value in properties.items():
            items = value.get("enum") if isinstance(value, dict) else None
            choices = [str(item) for item in items] if isinstance(items, list) else []
            fixed += 3 + (3 * len(choices) - 3 if choices else 0)
            lines += [*choices, f"{name}:{_text(value, 'type')}:{_text(value, 'description').removesuffix('.')}"]
    return fixed + int(counter.counts(lines).sum())


def _counted(texts: Sequence[str], marks: Numbers, counter: Counter) -> Numbers:
    """Give the tokens of each passage; 0 for those that are no text of the conversation."""
    wanted = _is(marks, COUNTED)
    if wanted.all():
        return counter.counts(texts)
    counts = np.zeros(len(texts), np.int64)
    counts[wanted] = counter.counts([texts[index] for index in np.flatnonzero(wanted).tolist()])
    return counts


def _definitions(texts: Sequence[str], marks: Numbers, counter: Counter) -> Numbers:
    found = np.zeros(len(texts), np.int64)
    for index in np.flatnonzero(_is(marks, "g")).tolist():
        found[index] = _definition_tokens(texts[index], counter)
    return found


@lru_cache(maxsize=1024)
def _definition_tokens(definitions: str, counter: Counter) -> int:
    return definition_tokens(json.loads(definitions), counter)


def _trained(row: Numbers, counts: Numbers, marks: Numbers, said: PassageTable, *, method: Method) -> Numbers:
    seen = _is(marks, TRAINED[method])
    if method == "dpo" and len(row):  # the prompt's own assistant turns are context
        begins = said.starts[:-1] + np.maximum(said.answer_at, 0)
        seen &= np.arange(len(row)) >= begins[row]
    return np.bincount(row, weights=counts * seen, minlength=len(said.is_known)).astype(np.int64)


def _overhead(roles: pa.StringArray, counter: Counter) -> Numbers:
    """Give the tokens that the format adds for each turn: 3 a message, and the role's."""
    prices = np.zeros(256, np.int64)
    for letter, price in _role_prices(counter).items():
        prices[ord(letter)] = price
    _, offsets, letters = roles.buffers()
    ends = np.frombuffer(offsets, np.int32)[: len(roles) + 1]
    owner = np.repeat(np.arange(len(roles)), np.diff(ends))
    told = np.frombuffer(letters or b"", np.uint8)[: ends[-1]]
    return np.bincount(owner, weights=prices[told], minlength=len(roles)).astype(np.int64)


@lru_cache(maxsize=8)
def _role_prices(counter: Counter) -> dict[str, int]:
    """Give each role letter's fixed tokens; an unknown role's name is a passage of its own."""
    counts = counter.counts(list(ROLE_LETTERS)).tolist()
    return {letter: PER_MESSAGE + count for letter, count in zip(ROLE_LETTERS.values(), counts, strict=True)} | {
        "?": PER_MESSAGE
    }


def _sum(row: Numbers, counts: Numbers | int, marks: Numbers, letters: str, rows: int) -> Numbers:
    return np.bincount(row, weights=counts * _is(marks, letters), minlength=rows).astype(np.int64)


def _is(marks: Numbers, letters: str) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, dtype=bool)
    table[_letters(letters)] = True
    return table[marks]


def _letters(text: str) -> Numbers:
    return np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64)


def _function(tool: Json) -> Json:
    inner = tool.get("function") if isinstance(tool, dict) else None
    return inner if isinstance(inner, dict) else tool


def _text(value: Json, key: str) -> str:
    text = value.get(key) if isinstance(value, dict) else None
    return "" if text is None else str(text)


def _properties(function: Json) -> dict[str, Json]:
    parameters = function.get("parameters") if isinstance(function, dict) else None
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    return properties if isinstance(properties, dict) else {}
