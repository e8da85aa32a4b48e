"""ShareGPT rows as LLaMA-Factory reads them, and the dataset_info.json that names them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from pipeline.core.example import Json, Method
from pipeline.targets.arguments import as_object, as_text
from pipeline.targets.conversation import Conversation, Message, calls_of, text_of
from pipeline.targets.format import Format, Written
from pipeline.targets.formats.messages import ANYTHING
from pipeline.targets.losses import Loss, once

HOLDS = ANYTHING.model_copy(
    update={
        "target": "sharegpt",
        "roles": frozenset({"system", "user", "assistant", "tool"}),
        "system": "first",
        "first_role": "user",
        "last_role": "assistant",
        "is_alternating": True,
        "content": "text",
        "max_images": 0,
        "weight": "refused",
        "call_content": "refused",
        "top_keys": frozenset(),
        "turn_keys": frozenset({"role", "content", "tool_calls", "tool_call_id"}),
    }
)
DPO = HOLDS.model_copy(update={"last_role": "user"})

SPEAKERS = {"user": "human", "assistant": "gpt", "tool": "observation"}
ANSWER_GAP = "\n"
"""Between the answers of parallel calls, which share one observation."""


def write(conversation: Conversation) -> Written:
    """Give the row. `system` and `tools` stand in every row, empty where there are none: columns must not come and go."""
    losses: list[Loss] = []
    turns = list(conversation.turns)
    system = turns.pop(0)["content"] if turns[0]["role"] == "system" else None
    losses += [Loss("system.empty")] * (system == "")
    line: dict[str, Json] = {"conversations": list(_lines(turns, losses))}
    if conversation.answers is not None:
        line["chosen"], line["rejected"] = _lines(conversation.answers, losses)
    line["system"] = system or ""
    line["tools"] = as_text([_unwrapped(tool, losses) for tool in conversation.tools]) if conversation.tools else ""
    return line, once(tuple(losses))


def _lines(turns: Iterable[Message], losses: list[Loss]) -> Iterator[Message]:
    for role, group in groupby(turns, key=lambda turn: turn["role"]):
        said = list(group)
        if role != "tool":
            yield from (_line(turn, losses) for turn in said)
            continue
        losses += [Loss("tools.answers-joined")] * (len(said) > 1)
        yield {"from": "observation", "value": ANSWER_GAP.join(text_of(turn) for turn in said)}


def _line(turn: Message, losses: list[Loss]) -> Message:
    if not calls_of(turn):
        return {"from": SPEAKERS[turn["role"]], "value": turn["content"]}
    losses.append(Loss("tools.ids-dropped"))
    calls = []
    for call in calls_of(turn):
        value, more = as_object(call["function"]["arguments"])
        calls.append({"name": call["function"]["name"], "arguments": value})
        losses += more
    return {"from": "function_call", "value": as_text(calls)}


def _unwrapped(tool: Message, losses: list[Loss]) -> Json:
    losses += [Loss("keys.dropped")] * (set(tool) - {"type", "function"} != set())
    return tool["function"]


def read(line: dict[str, Json]) -> dict[str, Json]:
    """Give the payload; calls get ids in their order, and an observation answers the calls before it."""
    turns = list(_turns(line["conversations"]))
    if line.get("system"):
        turns.insert(0, {"role": "system", "content": line["system"]})
    tools: dict[str, Json] = {}
    if line.get("tools"):
        tools = {"tools": [{"type": "function", "function": tool} for tool in json.loads(line["tools"])]}
    if "chosen" not in line:
        return {"messages": turns, **tools}
    chosen, rejected = (list(_turns([line[side]])) for side in ("chosen", "rejected"))
    return {"input": {"messages": turns, **tools}, "preferred_output": chosen, "non_preferred_output": rejected}


def _turns(lines: list[Message]) -> Iterator[Message]:
    roles = {speaker: role for role, speaker in SPEAKERS.items()}
    made = 0
    for line in lines:
        if line["from"] == "observation":
            yield {"role": "tool", "tool_call_id": f"call_{made}", "content": line["value"]}
        elif line["from"] == "function_call":
            calls = json.loads(line["value"])
            yield {
                "role": "assistant",
                "tool_calls": [_called(call, made + n) for n, call in enumerate(calls, start=1)],
            }
            made += len(calls)
        else:
            yield {"role": roles[line["from"]], "content": line["value"]}


def _called(call: Message, number: int) -> Message:
    function = {"name": call["name"], "arguments": as_text(call["arguments"])}
    return {"id": f"call_{number}", "type": "function", "function": function}


def dataset_info(files: Mapping[str, str], method: Method) -> tuple[str, str]:
    """Give the dataset_info.json that names the files `tuneset_train` and `tuneset_validation`."""
    columns = {"messages": "conversations", "system": "system", "tools": "tools"}
    entry: dict[str, Json] = {"formatting": "sharegpt", "columns": columns}
    if method == "dpo":
        entry |= {"ranking": True, "columns": {**columns, "chosen": "chosen", "rejected": "rejected"}}
    entries = {f"tuneset_{side}": {"file_name": path, **entry} for side, path in files.items()}
    return "dataset_info.json", json.dumps(entries, indent=2, ensure_ascii=False) + "\n"


FORMAT = Format(
    "sharegpt", "ShareGPT as LLaMA-Factory reads it", {"sft": HOLDS, "dpo": DPO}, write, read, companion=dataset_info
)
