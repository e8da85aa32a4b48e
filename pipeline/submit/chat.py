"""One answer to a conversation, by the chat completions that Together AI and Fireworks AI take over from OpenAI.

ChatCompletionRequest of togethercomputer/openapi 090263a (2026-04-28) and completion_create_params.py of
fw-ai-external/python-sdk 8399c12 (2026-07-21) know every field; `max_tokens` is the one name that both have for the limit.
"""

from collections.abc import Mapping, Sequence

from pipeline.core.example import Json
from pipeline.submit.door import Door
from pipeline.submit.fields import inner, rows, text, whole
from pipeline.submit.platform import Answer


def answer_of(door: Door, model: str, turns: Sequence[Mapping[str, Json]], *, max_tokens: int) -> Answer:
    """Ask a model, at temperature 0."""
    doing = f"asking {model}"
    messages: Json = [dict(turn) for turn in turns]
    body: dict[str, Json] = {"model": model, "messages": messages, "max_tokens": max_tokens, "temperature": 0}
    said = door.post("/chat/completions", body, doing=doing)
    choices = rows(said, "choices")
    if not choices:
        raise door.lacking("choices", doing=doing)
    usage = inner(said, "usage")
    return Answer(
        text(inner(choices[0], "message"), "content") or "",
        is_cut=choices[0].get("finish_reason") == "length",
        input_tokens=whole(usage, "prompt_tokens"),
        output_tokens=whole(usage, "completion_tokens"),
    )
