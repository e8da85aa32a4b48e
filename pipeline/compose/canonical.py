"""The one way an example is written as JSON, and the one way a record is read."""

import json
from math import isinf
from typing import Final, NoReturn

import msgspec

from pipeline.core.example import Json
from pipeline.core.trouble import Trouble

TOP: Final = ("messages", "tools", "parallel_tool_calls")
PAIR: Final = ("input", "preferred_output", "non_preferred_output")
TURN: Final = ("role", "content", "name", "tool_calls", "tool_call_id", "weight")
_PLAIN: Final = ("role", "content")
"""The keys of most turns, in order already: to see that costs a fifth of putting them in order."""
CALL: Final = ("id", "type", "function")
FUNCTION: Final = ("name", "arguments")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def parse(text: str) -> Json:
    """Give the value of JSON text; a Trouble where it is none. Lone surrogates survive until something ships them."""
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return _parse_slowly(text)


def canonical(payload: Json) -> str:
    """Give the line that ships: UTF-8 without escapes, no spaces, keys in the order of schemas/.

    Keys that the schemas do not know stand behind those they know, in the order they came; tool definitions and
    tool-call arguments are left as they are. A lone surrogate is a Trouble, for no UTF-8 file can hold it.
    """
    try:
        return _encode(ordered(payload)).decode()
    except UnicodeEncodeError:
        raise Trouble("compose.surrogate", "A lone surrogate in the text; expected whole characters.") from None
    except RecursionError:
        raise Trouble("compose.shape", "Nested too deeply to be written as JSON.") from None


def ordered(payload: Json) -> Json:
    """Give the example with its keys in canonical order."""
    if not isinstance(payload, dict):
        return payload
    if "input" in payload or "preferred_output" in payload:
        return {key: _pair_value(key, value) for key, value in _sorted(payload, PAIR)}
    return {key: _turns(value) if key == "messages" else value for key, value in _sorted(payload, TOP)}


def _pair_value(key: str, value: Json) -> Json:
    if key == "input" and isinstance(value, dict):
        return {k: _turns(v) if k == "messages" else v for k, v in _sorted(value, TOP)}
    return _turns(value) if key in PAIR else value


def _turns(messages: Json) -> Json:
    return [_turn(message) for message in messages] if isinstance(messages, list) else messages


def _turn(message: Json) -> Json:
    if not isinstance(message, dict):
        return message
    if tuple(message) == _PLAIN:
        return message
    return {key: _calls(value) if key == "tool_calls" else value for key, value in _sorted(message, TURN)}


def _calls(calls: Json) -> Json:
    if not isinstance(calls, list):
        return calls
    return [{k: _function(v) for k, v in _sorted(call, CALL)} if isinstance(call, dict) else call for call in calls]


def _function(value: Json) -> Json:
    return dict(_sorted(value, FUNCTION)) if isinstance(value, dict) else value


def _sorted(value: dict[str, Json], order: tuple[str, ...]) -> list[tuple[str, Json]]:
    known = [(key, value[key]) for key in order if key in value]
    return known + [item for item in value.items() if item[0] not in order] if len(known) < len(value) else known


def _parse_slowly(text: str) -> Json:
    """Parse what msgspec refuses and JSON allows: escapes of lone surrogates."""
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise Trouble("compose.shape", "The record is not JSON, or holds a number that JSON cannot.") from error


def _no_number(_: str) -> NoReturn:
    raise ValueError


def _finite(digits: str) -> float:
    if isinf(number := float(digits)):
        raise ValueError
    return number
