"""One answer to a conversation, by the chat completions that all platforms take over from OpenAI.

They differ in the name of the limit: `max_completion_tokens` is OpenAI's, `max_tokens` the one name that both Together AI
and Fireworks AI have (ChatCompletionRequest of togethercomputer/openapi 090263a, 2026-04-28; completion_create_params.py
of fw-ai-external/python-sdk 8399c12, 2026-07-21).
"""

from collections.abc import Mapping, Sequence

from pipeline.core.example import Json
from pipeline.submit.door import Door
from pipeline.submit.fields import inner, rows, text, whole
from pipeline.submit.platform import Answer


def answer_of(door: Door, model: str, turns: Sequence[Mapping[str, Json]], *, limit: Mapping[str, int]) -> Answer:
    """Ask a model, at temperature 0; `limit` is the most tokens of the answer, by the platform's name for it."""
    doing = f"asking {model}"
    messages: Json = [dict(turn) for turn in turns]
    body: dict[str, Json] = {"model": model, "messages": messages, "temperature": 0, **limit}
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
