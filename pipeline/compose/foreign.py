"""Turns as the wild writes them, to things said: ShareGPT, Anthropic, LLaMA-Factory, old OpenAI functions.

A turn's role stands under `role`, `from` or `speaker`; what it says under `content`, `value` or `text`, as text or as a
list of parts; calls in `tool_calls`, `function_call`, a part, or a turn of their own.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from pipeline.compose.calls import calls_of
from pipeline.compose.canonical import canonical
from pipeline.compose.turns import Said
from pipeline.core.example import Json
from pipeline.core.trouble import Trouble

Reasoning: TypeAlias = Literal["drop", "think"]

ROLES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "bard", "bing", "bot", "model", "ai"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "function", "observation", "ipython", "tool_response", "function_response"), "tool"),
    **dict.fromkeys(("function_call", "tool_call"), "call"),
}
"""Role as found, in lower case → role of a message; `call` is an assistant turn that only calls."""
_ROLE_KEYS: Final = ("role", "from", "speaker")
_TEXT_KEYS: Final = ("content", "value", "text")


class Conversation(NamedTuple):
    """A conversation's turns, and what of it no message can hold."""

    said: list[Said]
    left_out: frozenset[str]


def conversation(turns: Json, *, roles: Mapping[str, str] = ROLES, reasoning: Reasoning = "drop") -> Conversation:
    """Give what was said; a Trouble names the first turn that cannot be read (from 1)."""
    if isinstance(turns, list) and turns and all(isinstance(turn, list) for turn in turns):
        turns = turns[-1]  # ToolBench lists the growing states of one conversation; BFCL lists one list
    if not isinstance(turns, list):
        raise Trouble("compose.shape", "The conversation is not a list of turns.")
    left_out: set[str] = set()
    said = [one for number, turn in enumerate(turns, 1) for one in _said(turn, number, roles, reasoning, left_out)]
    return Conversation(said, frozenset(left_out))


def _said(
    turn: Json, number: int, roles: Mapping[str, str], reasoning: Reasoning, left_out: set[str]
) -> Iterator[Said]:
    if not isinstance(turn, dict):
        raise Trouble("compose.shape", f"Turn {number} is not an object; expected a role and what it says.")
    role = roles.get(_named_role(turn, number))
    if role is None:
        raise Trouble("compose.speaker", f"Turn {number} is spoken in a role that the recipe does not know.")
    content = next((turn[key] for key in _TEXT_KEYS if key in turn), None)
    if role == "call":
        yield Said("assistant", None, calls_of(content), weight=_weight(turn))
        return
    pieces = _Pieces.of(content, number)
    if pieces.reasoning:
        left_out |= {"reasoning"} if reasoning == "drop" else set()
    yield from pieces.results
    calls = (*pieces.calls, *_calls_beside(turn))
    text = pieces.text(reasoning)
    if text or calls or not pieces.results:
        answers = turn.get("tool_call_id") if role == "tool" else None
        yield Said(role, text, calls, answers if isinstance(answers, str) else None, _weight(turn))


def _named_role(turn: Mapping[str, Json], number: int) -> str:
    for key in _ROLE_KEYS:
        if isinstance(turn.get(key), str):
            return str(turn[key]).strip().lower()
    raise Trouble("compose.shape", f"Turn {number} has no role; expected one under {', '.join(_ROLE_KEYS)}.")


def _weight(turn: Mapping[str, Json]) -> int | None:
    """Give 0 or 1 from OpenAI's weight, LLaMA-Factory's loss_weight or Axolotl's train; None where none is given."""
    for key in ("weight", "loss_weight", "train"):
        if isinstance(value := turn.get(key), bool | int | float):
            return int(bool(value))
    return None


def _calls_beside(turn: Mapping[str, Json]) -> Iterable[Json]:
    calls = turn.get("tool_calls") or turn.get("function_call")
    return calls_of(calls) if calls else ()


class _Pieces(NamedTuple):
    """A content taken apart."""

    texts: tuple[str, ...] = ()
    images: tuple[Json, ...] = ()
    calls: tuple[Json, ...] = ()
    results: tuple[Said, ...] = ()
    reasoning: tuple[str, ...] = ()

    @classmethod
    def of(cls, content: Json, number: int) -> "_Pieces":
        if content is None:
            return cls()
        if isinstance(content, str):
            return cls(texts=(content,))
        if isinstance(content, dict):
            return cls(texts=(canonical(content),))  # a tool's answer given as an object
        if not isinstance(content, list):
            raise Trouble("compose.shape", f"Turn {number} says neither text nor parts.")
        found: dict[str, list[Json]] = {field: [] for field in cls._fields}
        for part in content:
            field, value = _piece(part, number)
            found[field].extend(value)
        return cls(**{field: tuple(values) for field, values in found.items()})

    def text(self, reasoning: Reasoning) -> Json:
        """Give the content of the message: text, or parts where there is an image."""
        text = "".join(self.texts)
        if reasoning == "think" and self.reasoning:
            text = f"<think>\n{''.join(self.reasoning).strip()}\n</think>\n\n{text}"
        if self.images:
            return [*self.images, *([{"type": "text", "text": text}] if text else [])]
        return text or None


def _piece(part: Json, number: int) -> tuple[str, Iterable[Json]]:
    """Give the field of a part and its values."""
    if isinstance(part, str):
        return "texts", (part,)
    if not isinstance(part, dict):
        raise Trouble("compose.shape", f"Turn {number} has a part that is not an object.")
    text = next((part[key] for key in ("text", "value", "thinking") if isinstance(part.get(key), str)), "")
    match part.get("type"):
        case "text" | "input_text" | "output_text":
            return "texts", (text,)
        case "reasoning" | "thinking" | "redacted_thinking":
            return "reasoning", (text,) if text else ("",)
        case "tool_call":
            return "calls", calls_of(part.get("value") if "value" in part else part)
        case "tool_use":
            return "calls", calls_of({"name": part.get("name"), "input": part.get("input", {}), "id": part.get("id")})
        case "tool_result":
            return "results", (_result(part, number),)
        case "image_url":
            return "images", (part,)
        case "image":
            return "images", (_image(part, number),)
        case _:
            raise Trouble("compose.shape", f"Turn {number} has a part of a type that no message can hold.")


def _result(part: Mapping[str, Json], number: int) -> Said:
    answers = part.get("tool_use_id")
    text = _Pieces.of(part.get("content"), number).text("drop")
    return Said("tool", text, answers=answers if isinstance(answers, str) else None)


def _image(part: Mapping[str, Json], number: int) -> Json:
    source = part.get("source")
    if not isinstance(source, dict):
        raise Trouble("compose.shape", f"Turn {number} has an image without a source.")
    url = source.get("url") or f"data:{source.get('media_type', 'image/png')};base64,{source.get('data', '')}"
    return {"type": "image_url", "image_url": {"url": url}}
