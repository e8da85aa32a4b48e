"""An example as rules see it: the payload taken apart, with the place of every turn, however broken it is."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple, TypeAlias

Json: TypeAlias = Any
"""A value as json.loads gives it: untrusted, so every reader of it asks for its type first."""

Method: TypeAlias = Literal["sft", "dpo", "rft"]

DEEPEST: Final = 500
"""Lists and objects inside one another that a payload may have: what is deeper counts as not JSON. Python gives up near
1,000, sooner the deeper its own stack is, and its versions differ; a limit of our own makes the answer the same."""


class Tokens(NamedTuple):
    """Token counts of one example in the target's encoding; see `columns.TOKENS`."""

    total: int
    system: int = 0
    user: int = 0
    assistant: int = 0
    tool: int = 0
    tools: int = 0
    trained: int = 0
    images: int = 0


class Moderation(NamedTuple):
    """What a moderation backend said about one example; see `columns.MODERATION`."""

    backend: str
    state: str
    flagged: bool | None = None
    scores: tuple[tuple[str, float], ...] = ()
    """Category and score, in the backend's order."""
    categories: tuple[str, ...] = ()
    """Categories that the backend itself flags, sorted."""
    places: tuple[tuple[str, str], ...] = ()
    """Category and the JSON pointer of its highest score; the first of equals."""


class Turn(NamedTuple):
    """One message of the conversation and where it stands."""

    where: str
    """JSON pointer, `/messages/2`."""
    raw: Mapping[str, Json]
    """The message as it stands; empty when it is not an object."""

    @property
    def role(self) -> str:
        """Give the role, or an empty string when it is missing or not text."""
        role = self.raw.get("role")
        return role if isinstance(role, str) else ""

    @property
    def text(self) -> str | None:
        """Give the content as one text (text parts joined), or None when there is none or it is of another type."""
        content = self.raw.get("content")
        if isinstance(content, str):
            return content
        if isinstance(content, list):
            return "".join(text for _, text in self.texts())
        return None

    def texts(self) -> Iterator[tuple[str, str]]:
        """Give every text of the content with its JSON pointer."""
        content = self.raw.get("content")
        if isinstance(content, str):
            yield f"{self.where}/content", content
            return
        for where, part in self.parts():
            if isinstance(part.get("text"), str):
                yield f"{where}/text", part["text"]

    def parts(self) -> Iterator[tuple[str, Mapping[str, Json]]]:
        """Give the content's parts that are objects, each with its JSON pointer; none for plain text."""
        content = self.raw.get("content")
        if isinstance(content, list):
            for index, part in enumerate(content):
                if isinstance(part, dict):
                    yield f"{self.where}/content/{index}", part

    def tool_calls(self) -> Iterator[tuple[str, Mapping[str, Json]]]:
        """Give the tool calls that are objects, each with its JSON pointer."""
        calls = self.raw.get("tool_calls")
        if isinstance(calls, list):
            for index, call in enumerate(calls):
                if isinstance(call, dict):
                    yield f"{self.where}/tool_calls/{index}", call

    @property
    def is_trained(self) -> bool:
        """Say whether the loss sees this turn: an assistant turn whose weight is not 0."""
        return self.raw.get("role") == "assistant" and self.raw.get("weight") != 0


@dataclass(frozen=True)
class Example:
    """One payload with its facts. `data` is None when the payload is not JSON."""

    payload: str
    method: Method = "sft"
    tokens: Tokens | None = None
    """None: not counted."""
    moderation: Moderation | None = None
    """None: not asked."""
    person_names: int | None = None
    """Names of persons that were found in it and not redacted; None: not asked."""
    data: Json = field(default=None, compare=False)

    @classmethod
    def parse(
        cls,
        payload: str,
        *,
        method: Method = "sft",
        tokens: Tokens | None = None,
        moderation: Moderation | None = None,
        person_names: int | None = None,
    ) -> "Example":
        """Take a payload apart; what is not JSON, or deeper than DEEPEST, has no data and no turns."""
        try:
            data = json.loads(payload)
        except (ValueError, RecursionError):
            data = None
        if payload.count("[") + payload.count("{") > DEEPEST and _is_too_deep(data):
            data = None
        return cls(payload, method, tokens, moderation, person_names, data)

    @cached_property
    def record(self) -> Mapping[str, Json]:
        """The top-level object; empty when the payload is something else."""
        return self.data if isinstance(self.data, dict) else {}

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """The conversation in order: for DPO the input's turns, then the preferred, then the other answer."""
        if self.method != "dpo":
            return _turns(self.record.get("messages"), "/messages")
        prompt = self.record.get("input")
        messages = prompt.get("messages") if isinstance(prompt, dict) else None
        return (*_turns(messages, "/input/messages"), *self.preferred, *self.non_preferred)

    @cached_property
    def conversation(self) -> tuple[Turn, ...]:
        """The turns in order, without the two answers of a preference pair."""
        return self.turns[: len(self.turns) - len(self.preferred) - len(self.non_preferred)]

    def texts(self) -> Iterator[tuple[Turn, str, str]]:
        """Give every text of every turn's content: the turn, its JSON pointer, the text."""
        for turn in self.turns:
            for where, text in turn.texts():
                yield turn, where, text

    @cached_property
    def preferred(self) -> tuple[Turn, ...]:
        """The better answer of a preference pair; empty for other methods."""
        if self.method != "dpo":
            return ()
        return _turns(self.record.get("preferred_output"), "/preferred_output")

    @cached_property
    def non_preferred(self) -> tuple[Turn, ...]:
        """The worse answer of a preference pair; empty for other methods."""
        if self.method != "dpo":
            return ()
        return _turns(self.record.get("non_preferred_output"), "/non_preferred_output")

    @cached_property
    def tools(self) -> Sequence[Json]:
        """The tool definitions, or none."""
        holder = self.record.get("input") if self.method == "dpo" else self.record
        tools = holder.get("tools") if isinstance(holder, dict) else None
        return tools if isinstance(tools, list) else ()


def _is_too_deep(data: Json) -> bool:
    level = [data]
    for _ in range(DEEPEST + 1):
        holders = [value for value in level if isinstance(value, dict | list)]
        if not holders:
            return False
        level = [item for one in holders for item in (one.values() if isinstance(one, dict) else one)]
    return True


def _turns(messages: Json, where: str) -> tuple[Turn, ...]:
    if not isinstance(messages, list):
        return ()
    return tuple([Turn(f"{where}/{i}", m if isinstance(m, dict) else {}) for i, m in enumerate(messages)])


def transcript(text: str, *, tokens: int | None = None, **extra: Json) -> Example:
    r"""Give the example that `user: Hi\nassistant: Hello` writes down, for samples and tests.

    A line that begins with a role and a colon opens a turn; other lines go on with it. `extra` are top-level keys.
    """
    messages: list[dict[str, Json]] = []
    for line in text.split("\n"):
        role, colon, content = line.partition(":")
        if colon and role in ("system", "developer", "user", "assistant", "tool", "function"):
            messages.append({"role": role, "content": content.removeprefix(" ")})
        else:
            messages[-1]["content"] += "\n" + line
    example = Example.parse(json.dumps({"messages": messages, **extra}, ensure_ascii=False))
    return example if tokens is None else replace(example, tokens=Tokens(tokens))
