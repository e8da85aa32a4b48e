"""Gemini's tuning rows: contents of user and model, a system instruction apart, calls and answers as parts."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from pipeline.core.example import Json
from pipeline.targets.arguments import as_object, as_text
from pipeline.targets.conversation import Conversation, Message, calls_of
from pipeline.targets.format import Format, Written
from pipeline.targets.formats.messages import ANYTHING
from pipeline.targets.losses import LeftOutError, Loss, once

HOLDS = ANYTHING.model_copy(
    update={
        "target": "gemini",
        "roles": frozenset({"system", "user", "assistant", "tool"}),
        "system": "first",
        "weight": "refused",
        "top_keys": frozenset(),
        "turn_keys": frozenset({"role", "content", "tool_calls", "tool_call_id"}),
    }
)
DPO = HOLDS.model_copy(update={"max_images": 0, "is_alternating": True})

IMAGE_TYPES: Final = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}
"""Suffix → MIME type, which Gemini wants said; another suffix leaves the example out."""


def write(conversation: Conversation) -> Written:
    """Give the row. A tool's answer that is no JSON object stands under `output`, as Gemini's documentation does it."""
    names = {call["id"]: call["function"]["name"] for turn in conversation.all_turns for call in calls_of(turn)}
    losses: list[Loss] = [Loss("tools.ids-dropped")] if names else []
    line: dict[str, Json] = {}
    turns = list(conversation.turns)
    if turns[0]["role"] == "system":
        parts = list(_parts(turns.pop(0), losses))
        line["systemInstruction" if conversation.answers is None else "system_instruction"] = {
            "role": "system",
            "parts": parts,
        }
    line["contents"] = list(_contents(turns, names, losses))
    if conversation.answers is not None:
        scored = zip((1, 0), _contents(list(conversation.answers), names, losses), strict=True)
        line["completions"] = [{"score": score, "completion": completion} for score, completion in scored]
    if conversation.tools:
        line["tools"] = [{"functionDeclarations": [_declaration(tool, losses) for tool in conversation.tools]}]
    return line, once(tuple(losses))


def _contents(turns: list[Message], names: dict[str, str], losses: list[Loss]) -> Iterator[Message]:
    for role, group in groupby(turns, key=lambda turn: turn["role"]):
        if role == "tool":
            yield {"role": "user", "parts": [_answer(turn, names, losses) for turn in group]}
            continue
        for turn in group:
            calls = [_call(call, losses) for call in calls_of(turn)]
            yield {"role": "model" if role == "assistant" else "user", "parts": [*_parts(turn, losses), *calls]}


def _parts(turn: Message, losses: list[Loss]) -> Iterator[Message]:
    content = turn.get("content")
    if isinstance(content, str) and (content or not calls_of(turn)):
        yield {"text": content}
    for part in content if isinstance(content, list) else ():
        if part["type"] == "image_url":
            yield {"fileData": _file(part["image_url"], losses)}
        else:
            losses += [Loss("refusal.as-text")] * (part["type"] == "refusal")
            yield {"text": part[part["type"]]}


def _file(image: Message, losses: list[Loss]) -> Message:
    address = image["url"]
    kind = IMAGE_TYPES.get(address.rpartition(".")[2].lower())
    if kind is None or not address.startswith(("gs://", "http://", "https://")):
        raise LeftOutError("image.address")
    losses += [Loss("image.detail-dropped")] * ("detail" in image)
    return {"mimeType": kind, "fileUri": address}


def _call(call: Message, losses: list[Loss]) -> Message:
    value, more = as_object(call["function"]["arguments"])
    losses += more
    return {"functionCall": {"name": call["function"]["name"], "args": value}}


def _answer(turn: Message, names: dict[str, str], losses: list[Loss]) -> Message:
    if turn["tool_call_id"] not in names:
        raise LeftOutError("tools.no-call")
    texts = [part["text"] for part in _parts(turn, losses)]
    losses += [Loss("parts.joined")] * (len(texts) > 1)
    response = {"name": names[turn["tool_call_id"]], "response": _response("".join(texts))}
    return {"functionResponse": response}


def _response(text: str) -> Message:
    try:
        value, changes = as_object(text)
    except LeftOutError:
        return {"output": text}
    return value if not changes and set(value) != {"output"} else {"output": text}


def _declaration(tool: Message, losses: list[Loss]) -> Message:
    function = tool["function"]
    taken = {key: function[key] for key in ("name", "description", "parameters") if key in function}
    losses += [Loss("keys.dropped")] * (taken != function)
    return taken


def read(line: dict[str, Json]) -> dict[str, Json]:
    """Give the payload; calls get ids in their order."""
    system = line.get("systemInstruction") or line.get("system_instruction")
    turns = [{"role": "system", "content": _content(system["parts"])}] if system else []
    turns += _turns(line["contents"])
    declared = [d for tool in line.get("tools", ()) for d in tool["functionDeclarations"]]
    tools: dict[str, Json] = {"tools": [{"type": "function", "function": d} for d in declared]} if declared else {}
    if "completions" not in line:
        return {"messages": turns, **tools}
    by_score = sorted(line["completions"], key=lambda scored: -scored["score"])
    preferred, other = (list(_turns([scored["completion"]])) for scored in by_score)
    return {"input": {"messages": turns, **tools}, "preferred_output": preferred, "non_preferred_output": other}


def _turns(contents: list[Message]) -> Iterator[Message]:
    made = answered = 0
    for content in contents:
        parts = content["parts"]
        answers = [part["functionResponse"]["response"] for part in parts if "functionResponse" in part]
        for response in answers:
            answered += 1
            text = response["output"] if set(response) == {"output"} else as_text(response)
            yield {"role": "tool", "tool_call_id": f"call_{answered}", "content": text}
        if answers:
            continue
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        said = [part for part in parts if "functionCall" not in part]
        turn = {"role": "assistant" if content["role"] == "model" else "user", "content": _content(said)}
        if calls:
            turn["tool_calls"] = [_called(call, made + n) for n, call in enumerate(calls, start=1)]
            made += len(calls)
        yield turn


def _called(call: Message, number: int) -> Message:
    function = {"name": call["name"], "arguments": as_text(call["args"])}
    return {"id": f"call_{number}", "type": "function", "function": function}


def _content(parts: list[Message]) -> Json:
    if not parts:
        return None
    if len(parts) == 1 and "text" in parts[0]:
        return parts[0]["text"]
    return [
        {"type": "text", "text": part["text"]}
        if "text" in part
        else {"type": "image_url", "image_url": {"url": part["fileData"]["fileUri"]}}
        for part in parts
    ]


FORMAT = Format("gemini", "Gemini contents", {"sft": HOLDS, "dpo": DPO}, write, read)
