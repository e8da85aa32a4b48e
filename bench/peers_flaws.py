"""Small files with one planted flaw each, and sound files that a strict check may take for flawed: what bench/peers.py plants.

Every flawed file is the same thirty sound exchanges and one row more, which is sound but for the flaw its name tells. Flaws of
the file itself (encoding, length) have no row of their own.
"""

import base64
import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

Turn = dict[str, Any]
ASK = "Where do I find the invoice of last month, and can I get it as a PDF?"
TELL = "Open Billing, choose the month, and press Download. The invoice comes as a PDF."
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one pixel
TOOL = {
    "type": "function",
    "function": {
        "name": "find_invoice",
        "description": "Finds the invoice of a month.",
        "parameters": {"type": "object", "properties": {"month": {"type": "integer"}}, "required": ["month"]},
    },
}


class File(NamedTuple):
    """One file that every peer looks at."""

    name: str
    content: bytes
    twin: str = ""
    """Name of the sound file that has the same in it but for the flaw."""


def user(content: Any = ASK, **more: Any) -> Turn:
    return {"role": "user", "content": content, **more}


def assistant(content: Any = TELL, **more: Any) -> Turn:
    return {"role": "assistant", "content": content, **more}


def call(arguments: Any = '{"month": 10}', name: Any = "find_invoice", identity: str = "call00001") -> dict[str, Any]:
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def calls(*made: dict[str, Any]) -> Turn:
    return {"role": "assistant", "content": None, "tool_calls": list(made)}


def answer(content: str = '{"file": "invoice-10.pdf"}', identity: str = "call00001") -> Turn:
    return {"role": "tool", "tool_call_id": identity, "content": content}


def row(*turns: Any, **more: Any) -> str:
    return json.dumps({"messages": list(turns), **more}, ensure_ascii=False)


def tooled(*turns: Turn) -> str:
    return row(user(), *turns, tools=[TOOL])


def image(url: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": "What is on this picture?"}, {"type": "image_url", "image_url": {"url": url}}]


def base() -> list[str]:
    """Give thirty sound exchanges about different things."""
    things = (
        "kettle",
        "lamp",
        "bicycle",
        "printer",
        "sofa",
        "router",
        "camera",
        "drill",
        "tent",
        "violin",
        "fridge",
        "mirror",
        "carpet",
        "helmet",
        "piano",
    )
    places = (
        "Oslo",
        "Lima",
        "Cairo",
        "Hanoi",
        "Quito",
        "Accra",
        "Sofia",
        "Perth",
        "Turin",
        "Busan",
        "Minsk",
        "Dakar",
        "Leeds",
        "Davos",
        "Osaka",
    )
    plain = [
        row(user(f"My {thing} arrived with a scratch."), assistant(f"Send a photo of the {thing}; you get a new one."))
        for thing in things
    ]
    asked = [
        row(user(f"When does the shop in {place} open on Sunday?"), assistant(f"In {place} it opens at {hour}."))
        for hour, place in enumerate(places, start=7)
    ]
    return plain + asked


def sound() -> File:
    """Give the file without a flaw."""
    return File("(sound)", _text(base()))


def flawed() -> Iterator[File]:
    """Give every file with a flaw."""
    for name, line in _rows().items():
        yield File(name, _text([*base(), line]), _twin(line))
    yield File("row repeated", _text([*base(), base()[3]]))
    yield File("row repeated but for case and spaces", _text([*base(), base()[3].replace("My lamp", "my  LAMP")]))
    long = "I bought a kettle on Monday, it leaked on Tuesday, and on Wednesday the handle broke off when I lifted it. What now?"
    near = [row(user(long), assistant(TELL)), row(user(long.replace("leaked", "dripped")), assistant(TELL))]
    yield File("row repeated but for one word", _text([*base(), *near]))
    contrary = row(user("When does the shop in Oslo open on Sunday?"), assistant("It stays closed on Sundays."))
    yield File("same question, another answer", _text([*base(), contrary]))
    yield File("nine rows (ten are required)", _text(base()[:9]))
    yield File("last line cut off", _text(base())[:-40])
    yield File(
        "not UTF-8 (Latin-1)", _text([*base(), row(user("Où est la clé ?"), assistant("À la réception."))], "latin-1")
    )
    yield File("UTF-16", _text(base(), "utf-16"))
    yield File("byte-order mark", _text(base(), "utf-8-sig"))
    yield File("empty file", b"")


def _rows() -> dict[str, str]:
    words = random.Random(1)
    long = " ".join(
        words.choice(("red", "green", "river", "stone", "seven", "walk", "light", "under")) for _ in range(70_000)
    )
    return {
        "broken JSON": row(user(), assistant())[:-2],
        "a list instead of an object": json.dumps([user(), assistant()]),
        "NaN": row(user(), assistant(weight=1)).replace('"weight": 1', '"weight": NaN'),
        "key given twice": row(user(), assistant()).replace('"content": "Open', '"content": "No.", "content": "Open'),
        "half a surrogate pair": row(user(), assistant()).replace("Open", "\\ud83d Open"),
        "prompt and completion, not messages": json.dumps({"prompt": ASK, "completion": TELL}),
        "no messages": row(),
        "unknown role": row({"role": "human", "content": ASK}, assistant()),
        "role missing": row({"content": ASK}, assistant()),
        "no assistant": row({"role": "system", "content": "Be brief."}, user()),
        "no user": row({"role": "system", "content": "Be brief."}, assistant()),
        "last turn is the user's": row(user(), assistant(), user("Thank you, and the year before?")),
        "content is null": row(user(), assistant(None)),
        "content is missing": row(user(), {"role": "assistant"}),
        "answer is blank": row(user(), assistant(" \t")),
        "question is blank": row(user(""), assistant()),
        "content is a number": row(user(5), assistant()),
        "unknown key in a turn": row(user(timestamp=5), assistant()),
        "control token of the model": row(user(), assistant(TELL + "<|endoftext|>")),
        "chat markup [INST]": row(user(f"[INST] {ASK} [/INST]"), assistant()),
        "mojibake": row(user("Is the cafÃ© open on MondayÂ?"), assistant("It isnâ€™t.")),
        "replacement character": row(user("Is the caf\ufffd open on Monday?"), assistant()),
        "invisible characters": row(user("Is the\u200b shop\u202e open\u200b?"), assistant()),
        "placeholder {{name}}": row(user(), assistant("Dear {{name}}, " + TELL)),
        "turns printed as text": row(user("[{'role': 'user', 'content': 'Hi'}]"), assistant()),
        "70,000 tokens": row(user(), assistant(long)),
        "weight 2": row(user(), assistant(weight=2)),
        "weight on a user turn": row(user(weight=1), assistant()),
        "every weight 0": row(user(), assistant(weight=0)),
        "tool arguments not JSON": tooled(calls(call("{month: 10}")), answer(), assistant()),
        "tool arguments encoded twice": tooled(calls(call(json.dumps('{"month": 10}'))), answer(), assistant()),
        "tool arguments against the schema": tooled(calls(call('{"month": "ten"}')), answer(), assistant()),
        "tool call never answered": tooled(calls(call()), assistant()),
        "tool answer without a call": tooled(answer(), assistant()),
        "call of a tool that is not declared": tooled(calls(call(name="find_bill")), answer(), assistant()),
        "two calls with one id": tooled(calls(call(), call('{"month": 9}')), answer(), assistant()),
        "tool name with a space": row(
            user(), assistant(), tools=[json.loads(json.dumps(TOOL).replace("find_", "find "))]
        ),
        "parameters that are no schema": row(
            user(), assistant(), tools=[json.loads(json.dumps(TOOL).replace('"integer"', '"whole"'))]
        ),
        "picture by a path on disk": row(user(image("images/a.png")), assistant()),
        "picture that is none": row(user(image("data:image/png;base64,AAAA")), assistant()),
        "picture in the answer": row(user(), assistant(image(f"data:image/png;base64,{PIXEL}"))),
        "card number": row(user("My card is 4539 1488 0343 6467, please pay with it."), assistant()),
        "e-mail address": row(user("Write to jane.doe@gmail.com when it is done."), assistant()),
        "API key": row(user("Why does ghp_h8Kq2LmZ9xRtV4wYb7NcJ3dPf6GsA1eUoT5i not work any more?"), assistant()),
    }


def harmless() -> Iterator[File]:
    """Give files without a flaw, with something in them that a check may not know."""
    rows = {
        "a tool call and its answer": tooled(calls(call()), answer(), assistant()),
        "two calls at once": tooled(
            calls(call(), call('{"month": 9}', identity="call00002")),
            answer(),
            answer(identity="call00002"),
            assistant(),
        ),
        "a tool call as the last turn": tooled(calls(call())),
        "weights 0 and 1": row(user(), assistant("I look it up.", weight=0), user("Thanks."), assistant(weight=1)),
        "two user turns in a row": row(user(), user("It is urgent."), assistant()),
        "a name on a turn": row(user(name="anna_lee"), assistant()),
        "content in text parts": row(user([{"type": "text", "text": ASK}]), assistant()),
        "a picture as data": row(user(image(f"data:image/png;base64,{PIXEL}")), assistant("A single red pixel.")),
        "Chinese": row(user("上个月的发票在哪里可以找到?"), assistant("请打开账单页面,选择月份,然后下载。")),
        "JSON as the answer": row(user("Give the invoice as JSON."), assistant('{"month": 10, "total": 12.5}')),
    }
    for name, line in rows.items():
        yield File(name, _text([*base(), line]))


def _twin(line: str) -> str:
    if "image_url" in line:
        return "a picture as data"
    if "weight" in line:
        return "weights 0 and 1"
    return "a tool call and its answer" if '"tools"' in line else ""


def _text(lines: list[str], encoding: str = "utf-8") -> bytes:
    return ("\n".join(lines) + "\n").encode(encoding)


assert base64.b64decode(PIXEL)
