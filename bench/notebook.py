"""OpenAI's notebook on the preparation of chat data, its format and token part: python bench/notebook.py FILE.

Loading, format checks and token counts alone (examples/Chat_finetuning_data_prep.ipynb of the OpenAI cookbook, MIT, commit
2e652704), written anew and counting in o200k_base: what the notebook does, in its order and no faster. What it would
stop at (text of control tokens) counts as plain text.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

ROLES = frozenset({"system", "user", "assistant", "function"})
KEYS = frozenset({"role", "content", "name", "function_call", "weight"})
WINDOW = 65_536


def main() -> None:
    notebook(Path(sys.argv[1]))


def notebook(path: Path) -> None:
    """Load, look for format errors, count tokens and print their spread."""
    from pipeline.measure.counter import oracle

    encoding = oracle("o200k_base")._encoding  # noqa: SLF001 - tiktoken itself
    with path.open(encoding="utf-8") as file:
        dataset = [json.loads(line) for line in file]
    print(len(dataset), dict(format_errors(dataset)))
    totals, answers, turns = [], [], []
    for example in dataset:
        messages = example["messages"]
        turns.append(len(messages))
        totals.append(3 + sum(message_tokens(message, encoding) for message in messages))
        answers.append(sum(tokens(encoding, one["content"]) for one in messages if one["role"] == "assistant"))
    for values in (turns, totals, answers):
        print(
            min(values),
            max(values),
            np.mean(values),
            np.median(values),
            np.quantile(values, 0.1),
            np.quantile(values, 0.9),
        )
    print(sum(total > WINDOW for total in totals), sum(min(WINDOW, total) for total in totals))


def tokens(encoding: Any, text: str) -> int:
    """Count as the notebook does; where it would stop with an error, as it would if one made it go on."""
    try:
        return len(encoding.encode(text))
    except ValueError:
        return len(encoding.encode(text, disallowed_special=()))


def message_tokens(message: dict[str, str], encoding: Any) -> int:
    return 3 + sum(tokens(encoding, value) + (key == "name") for key, value in message.items())


def format_errors(dataset: list[Any]) -> Counter[str]:
    errors: Counter[str] = Counter()
    for example in dataset:
        if not isinstance(example, dict) or not example.get("messages"):
            errors["shape"] += 1
            continue
        for message in example["messages"]:
            content, call = message.get("content"), message.get("function_call")
            errors["missing key"] += "role" not in message or "content" not in message
            errors["unknown key"] += any(key not in KEYS for key in message)
            errors["unknown role"] += message.get("role") not in ROLES
            errors["missing content"] += (not content and not call) or not isinstance(content, str)
        errors["no answer"] += not any(message.get("role") == "assistant" for message in example["messages"])
    return +errors


if __name__ == "__main__":
    main()
