"""Tools are used the way the target takes them."""

from collections.abc import Iterator
from typing import Final

from pipeline.core.example import Example
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, rule
from pipeline.core.shape import Bit
from pipeline.core.suspects import either, has, order, where
from pipeline.core.target import Limits
from pipeline.core.wording import counted

CALL: Final = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASKED: Final = {"role": "user", "content": "Hi"}
TRACE: Final[dict[str, object]] = {"messages": [ASKED, {"role": "assistant", "tool_calls": [CALL]}]}
TOOLING: Final = either(has(Bit.TOOLS, Bit.TOOL_CALLS, Bit.FUNCTION_CALL), order("t"))
PLAIN: Final = "user: Hi\nassistant: Hello"


def _uses_tools(example: Example) -> bool:
    keys = ("tool_calls", "function_call", "tool_call_id")
    return bool(example.tools) or any(turn.raw.get(key) for turn in example.turns for key in keys)


@rule(
    "tools.refused",
    suspects=where(lambda limits: limits.tools == "refused", TOOLING),
    limits=Limits(tools="refused"),
    good=(PLAIN,),
    bad=(TRACE,),
)
def refused(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target's format has no place for tools; a file with them is refused.

    Choose a target that trains tool use, or turn calls and answers into plain turns.
    """
    if limits.tools == "refused" and _uses_tools(example):
        yield Flaw("", f"Tools or tool calls; {limits.target} takes none.")


@rule(
    "tools.ignored",
    severity=Severity.WARNING,
    suspects=where(lambda limits: limits.tools == "ignored", TOOLING),
    limits=Limits(tools="ignored"),
    good=(PLAIN,),
    bad=(TRACE,),
)
def ignored(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target drops tools without a word, and the model learns the conversation with holes in it.

    Choose a target that trains tool use, or turn calls and answers into plain turns.
    """
    if limits.tools == "ignored" and _uses_tools(example):
        yield Flaw("", f"Tools or tool calls; {limits.target} does not read them.")


@rule(
    "tools.deprecated",
    severity=Severity.WARNING,
    suspects=either(has(Bit.FUNCTION_CALL), order("f")),
    good=(TRACE,),
    bad=({"messages": [ASKED, {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}]},),
)
def deprecated(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """`functions`, `function_call` and the role `function` came before tools; few platforms still read them.

    Write `tools`, `tool_calls` and the role `tool` with a `tool_call_id`.
    """
    if example.record.get("functions") is not None:
        yield Flaw("/functions", "Deprecated; expected `tools`.")
    for turn in example.turns:
        if turn.raw.get("function_call") is not None:
            yield Flaw(f"{turn.where}/function_call", "Deprecated; expected `tool_calls`.")
        if turn.role == "function":
            yield Flaw(f"{turn.where}/role", "Deprecated; expected `tool`.")


@rule(
    "tools.empty-calls",
    suspects=has(Bit.TOOL_CALLS),
    good=(TRACE,),
    bad=({"messages": [ASKED, {"role": "assistant", "content": "Hello", "tool_calls": []}]},),
)
def empty_calls(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The chat API refuses an empty list of calls: *[] is too short*.

    Leave the key out where no tool is called.
    """
    for turn in example.turns:
        if turn.raw.get("tool_calls") == []:
            yield Flaw(f"{turn.where}/tool_calls", "An empty list; expected a call or no key.")


@rule(
    "tools.parallel-disabled",
    severity=Severity.WARNING,
    suspects=has(Bit.PARALLEL),
    good=(TRACE | {"parallel_tool_calls": False},),
    bad=({"messages": [ASKED, {"role": "assistant", "tool_calls": [CALL, CALL]}], "parallel_tool_calls": False},),
)
def parallel_disabled(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The example forbids parallel calls and then shows them.

    Set `parallel_tool_calls` to true, or give each call a turn of its own.
    """
    holder = example.record.get("input") if example.method == "dpo" else example.record
    if isinstance(holder, dict) and holder.get("parallel_tool_calls") is False:
        for turn in example.turns:
            calls = sum(1 for _ in turn.tool_calls())
            if calls > 1:
                yield Flaw(
                    f"{turn.where}/tool_calls", f"{counted(calls, 'call')} in one turn; `parallel_tool_calls` is false."
                )


@rule(
    "tools.id-length",
    suspects=where(lambda limits: limits.tool_id_length is not None, has(Bit.TOOL_CALLS)),
    limits=Limits(tool_id_length=9),
    good=({"messages": [ASKED, {"role": "assistant", "tool_calls": [CALL | {"id": "abcdef123"}]}]},),
    bad=(TRACE,),
)
def id_length(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target's chat template takes ids of one exact length only (Mistral: 9 letters and digits).

    Rename the ids, in the calls and in their answers.
    """
    for turn in example.turns:
        for place, call in turn.tool_calls():
            found = call.get("id")
            if limits.tool_id_length is not None and isinstance(found, str) and len(found) != limits.tool_id_length:
                wanted = counted(limits.tool_id_length, "character")
                yield Flaw(f"{place}/id", f"{counted(len(found), 'character')}; {limits.target} expects {wanted}.")


@rule(
    "tools.call-with-content",
    suspects=where(lambda limits: limits.call_content == "refused", has(Bit.TOOL_CALLS)),
    limits=Limits(call_content="refused"),
    good=(TRACE,),
    bad=({"messages": [ASKED, {"role": "assistant", "content": "I look it up.", "tool_calls": [CALL]}]},),
)
def call_with_content(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target's assistant either speaks or calls a tool, never both in one turn.

    Split the turn in two, or leave its content out.
    """
    for turn in example.turns:
        if limits.call_content == "refused" and turn.raw.get("tool_calls") and turn.text:
            yield Flaw(f"{turn.where}/content", f"Content beside tool calls; {limits.target} takes one of the two.")
