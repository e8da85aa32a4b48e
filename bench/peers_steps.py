"""Peers that are libraries and not programs, each run by the Python of its own environment: peers_steps.py NAME FILE.

Prints a JSON list of what the library says about the file, as `[line, sentence]`; a line is null where it names none.
"""

import json
import sys
from pathlib import Path
from typing import Any

Said = list[tuple[int | None, str]]


def notebook(path: Path) -> Said:
    """Take the steps of OpenAI's notebook in its order; it ends with an exception where that does."""
    import numpy as np
    import tiktoken
    from notebook import WINDOW, format_errors

    with path.open(encoding="utf-8") as file:
        dataset = [json.loads(line) for line in file]
    said: Said = [(None, f"{name}: {count}") for name, count in format_errors(dataset).items()]
    print(json.dumps(said), flush=True)  # the notebook has shown these when a later cell breaks
    encoding = tiktoken.get_encoding("o200k_base")
    totals, answers, turns, no_user = [], [], [], 0
    for example in dataset:
        messages = example["messages"]
        no_user += not any(one["role"] == "user" for one in messages)
        turns.append(len(messages))
        totals.append(3 + sum(_tokens(one, encoding) for one in messages))
        answers.append(sum(len(encoding.encode(one["content"])) for one in messages if one["role"] == "assistant"))
    for values in (turns, totals, answers):
        [np.mean(values), np.median(values), np.quantile(values, 0.1), np.quantile(values, 0.9)]
    too_long = sum(total > WINDOW for total in totals)
    said += [(None, f"missing user: {no_user}")] if no_user else []
    return said + ([(None, f"over the limit: {too_long}")] if too_long else [])


def _tokens(message: dict[str, Any], encoding: Any) -> int:
    """Count as the notebook does, and stop where it stops: at a value that is no text, and at text of a control token."""
    return 3 + sum(len(encoding.encode(value)) + (key == "name") for key, value in message.items())


def together_1(path: Path) -> Said:
    from together.utils import check_file

    return _together(check_file(path))


def together_3(path: Path) -> Said:
    from together.lib.utils.files import check_file

    return _together(check_file(path))


def _together(report: dict[str, Any]) -> Said:
    return [] if report["is_check_passed"] else [(report.get("line_number"), str(report["message"]))]


def modelbrew(path: Path) -> Said:
    from modelbrew_cleaner import clean_file

    return [(issue.row_index, issue.code) for row in clean_file(str(path)) for issue in row.issues]


def mistral(path: Path) -> Said:
    """Validate and tokenise every row for fine-tuning, as mistral-finetune's validate_data does with this library."""
    from mistral_common.exceptions import MistralCommonException
    from mistral_common.protocol.instruct.messages import FinetuningAssistantMessage
    from mistral_common.protocol.instruct.request import ChatCompletionRequest
    from mistral_common.protocol.instruct.validator import MistralRequestValidatorV3, ValidationMode
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
    from pydantic import ValidationError

    tokenizer = MistralTokenizer.v3()
    tokenizer._chat_completion_request_validator = MistralRequestValidatorV3(ValidationMode.finetuning)  # noqa: SLF001 - it has no door for the mode
    said: Said = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            turns = [FinetuningAssistantMessage(**t) if t.get("role") == "assistant" else t for t in row["messages"]]
            tokenizer.encode_chat_completion(ChatCompletionRequest(messages=turns, tools=row.get("tools")))
        except (MistralCommonException, ValidationError, json.JSONDecodeError) as error:
            said.append((number, type(error).__name__))
    return said


STEPS = {step.__name__: step for step in (notebook, together_1, together_3, modelbrew, mistral)}

if __name__ == "__main__":
    print(json.dumps(STEPS[sys.argv[1]](Path(sys.argv[2]))))
