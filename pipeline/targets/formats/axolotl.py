"""Axolotl's chat_template rows: messages whose `train` says what weight says, and the dataset entry for its YAML."""

import json
from collections.abc import Mapping

from pipeline.core.example import Json, Method
from pipeline.targets.conversation import Conversation, Message
from pipeline.targets.format import Format, Written
from pipeline.targets.formats.messages import ANYTHING

HOLDS = ANYTHING.model_copy(
    update={
        "target": "axolotl",
        "roles": frozenset({"system", "developer", "user", "assistant", "tool"}),
        "top_keys": frozenset(),
        "turn_keys": frozenset({"role", "content", "name", "weight", "tool_calls", "tool_call_id"}),
    }
)
DPO = HOLDS.model_copy(
    update={
        "content": "text",
        "max_images": 0,
        "tools": "refused",
        "weight": "refused",
        "turn_keys": frozenset({"role", "content"}),
    }
)


def write(conversation: Conversation) -> Written:
    """Give the row; `train` stands on the turns that had a weight."""
    turns = [_train(turn) for turn in conversation.turns]
    tools: dict[str, Json] = {} if conversation.tools is None else {"tools": list(conversation.tools)}
    if conversation.answers is None:
        return {"messages": turns, **tools}, ()
    preferred, other = conversation.answers
    return {"messages": turns, "chosen": preferred, "rejected": other}, ()


def read(line: dict[str, Json]) -> dict[str, Json]:
    """Give the payload."""
    turns = [_weight(turn) for turn in line["messages"]]
    tools: dict[str, Json] = {"tools": line["tools"]} if "tools" in line else {}
    if "chosen" not in line:
        return {"messages": turns, **tools}
    outputs = {"preferred_output": [line["chosen"]], "non_preferred_output": [line["rejected"]]}
    return {"input": {"messages": turns, **tools}, **outputs}


def dataset_entry(files: Mapping[str, str], method: Method) -> tuple[str, str]:
    """Give the part of the configuration that reads the files; paths are relative to where axolotl runs."""
    lines = ["rl: dpo"] if method == "dpo" else []
    for side, path in files.items():
        lines += ["datasets:" if side == "train" else "test_datasets:", f"  - path: {as_yaml(path)}"]
        lines += ["    ds_type: json", "    split: train"]
        if method == "dpo":
            lines += ["    type: chat_template.default", "    field_messages: messages"]
            lines += ["    field_chosen: chosen", "    field_rejected: rejected"]
        else:
            lines += ["    type: chat_template", "    field_messages: messages", "    field_tools: tools"]
            lines += ["    message_field_training: train", "    roles_to_train: [assistant]"]
    return "axolotl.yml", "\n".join(lines) + "\n"


def as_yaml(text: str) -> str:
    """Give the text as a YAML scalar that needs no guess: JSON's quoting is YAML's too."""
    return json.dumps(text, ensure_ascii=False)


def _train(turn: Message) -> Message:
    kept = {key: value for key, value in turn.items() if key != "weight"}
    return {**kept, "train": turn["weight"] == 1} if "weight" in turn else kept


def _weight(turn: Message) -> Message:
    kept = {key: value for key, value in turn.items() if key != "train"}
    return {**kept, "weight": int(turn["train"])} if "train" in turn else kept


FORMAT = Format(
    "axolotl",
    "Axolotl chat_template rows",
    {"sft": HOLDS, "dpo": DPO},
    write,
    read,
    translates=frozenset({"weight"}),
    companion=dataset_entry,
)
