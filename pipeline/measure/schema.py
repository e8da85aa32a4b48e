"""The types of schemas/example.*.schema.json as Structs: what decodes is regular for certain."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from pipeline.core.example import Method


class _Text(Struct, gc=False, forbid_unknown_fields=True, tag_field="type", tag="text"):
    text: str


class _Url(Struct, gc=False, forbid_unknown_fields=True):
    url: str
    detail: Literal["auto", "low", "high"] | UnsetType = UNSET


class _Image(Struct, gc=False, forbid_unknown_fields=True, tag_field="type", tag="image_url"):
    image_url: _Url


class _Refusal(Struct, gc=False, forbid_unknown_fields=True, tag_field="type", tag="refusal"):
    refusal: str


_Content = str | Annotated[list[_Text | _Image | _Refusal], Meta(min_length=1)]


class _Use(Struct, gc=False, forbid_unknown_fields=True):
    name: str
    arguments: str


class _Call(Struct, gc=False, forbid_unknown_fields=True):
    id: str
    type: Literal["function"]
    function: _Use


class _Definition(Struct, gc=False, forbid_unknown_fields=True):
    name: Annotated[str, Meta(pattern="^[a-zA-Z0-9_-]{1,64}$")]
    description: str | UnsetType = UNSET
    parameters: dict[str, Any] | UnsetType = UNSET
    strict: bool | UnsetType | None = UNSET


class _Tool(Struct, gc=False, forbid_unknown_fields=True):
    type: Literal["function"]
    function: _Definition


class _Turn(Struct, gc=False, forbid_unknown_fields=True, tag_field="role"):
    content: _Content
    name: str | UnsetType = UNSET


class _System(_Turn, gc=False, forbid_unknown_fields=True, tag="system"):
    pass


class _Developer(_Turn, gc=False, forbid_unknown_fields=True, tag="developer"):
    pass


class _User(_Turn, gc=False, forbid_unknown_fields=True, tag="user"):
    pass


class _ToolTurn(_Turn, gc=False, forbid_unknown_fields=True, kw_only=True, tag="tool"):
    tool_call_id: str


class _Function(Struct, gc=False, forbid_unknown_fields=True, tag_field="role", tag="function"):
    name: str
    content: _Content | None


class _Assistant(Struct, gc=False, forbid_unknown_fields=True, tag_field="role", tag="assistant"):
    content: _Content | UnsetType | None = UNSET
    name: str | UnsetType = UNSET
    weight: Literal[0, 1] | UnsetType = UNSET
    refusal: str | UnsetType | None = UNSET
    tool_calls: Annotated[list[_Call], Meta(min_length=1)] | UnsetType = UNSET
    function_call: _Use | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.tool_calls is UNSET and self.function_call is UNSET and not _says(self.content) | _says(self.refusal):
            raise ValueError("nothing is said")


_AnyTurn = _System | _Developer | _User | _ToolTurn | _Function | _Assistant
_Turns = Annotated[list[_AnyTurn], Meta(min_length=1)]
_Answer = Annotated[list[_Assistant], Meta(min_length=1, max_length=1)]


class _Sft(Struct, gc=False, forbid_unknown_fields=True):
    messages: _Turns
    tools: list[_Tool] | UnsetType = UNSET
    parallel_tool_calls: bool | UnsetType = UNSET
    functions: Annotated[list[_Definition], Meta(min_length=1, max_length=128)] | UnsetType = UNSET


class _Prompt(Struct, gc=False, forbid_unknown_fields=True):
    messages: _Turns
    tools: list[_Tool] | UnsetType = UNSET
    parallel_tool_calls: bool | UnsetType = UNSET


class _Rft(Struct, gc=False):
    messages: _Turns
    tools: list[_Tool] | UnsetType = UNSET
    parallel_tool_calls: bool | UnsetType = UNSET


class _Dpo(Struct, gc=False, forbid_unknown_fields=True):
    input: _Prompt
    preferred_output: _Answer
    non_preferred_output: _Answer


_DECODERS: Final[dict[Method, Any]] = {
    "sft": msgspec.json.Decoder(_Sft),
    "dpo": msgspec.json.Decoder(_Dpo),
    "rft": msgspec.json.Decoder(_Rft),
}


def is_regular(payload: str, *, method: Method) -> bool:
    """Say whether the payload has the very types of its schema."""
    try:
        _DECODERS[method].decode(payload)
    except (ValueError, RecursionError):  # msgspec.DecodeError and UnicodeEncodeError are ValueErrors
        return False
    return True


def _says(value: object) -> bool:
    return value is not None and value is not UNSET
