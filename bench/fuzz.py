"""What no one would write: python bench/fuzz.py bytes|examples|csv [--seconds 600] [--corpus FOLDER].

Coverage-guided, by atheris (Apache-2.0; no dependency of the project): `pip install atheris` beside the project's own
packages. `bytes` gives any bytes to the check as a file; `examples` builds JSON examples of all shapes, measures them
and lets every rule look at them; `csv` gives any bytes to the reader of tables. The claim is that of
tests/preflight/test_preflight_fuzz.py: no exception but SourceError, and no finding without a place that exists. It
stops at the first breach and leaves the bytes in `crash-...`; `--corpus` starts from a folder and adds what was new.
What was found so far is pinned in tests/preflight/test_fuzzed.py.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import atheris
import pyarrow as pa

with atheris.instrument_imports(include=["pipeline"]):
    from pipeline.check import active
    from pipeline.core.errors import SourceError
    from pipeline.core.example import Example, Method, Tokens
    from pipeline.core.rule import Rule
    from pipeline.core.settings import RuleSettings
    from pipeline.core.target import Limits
    from pipeline.measure import Measure
    from pipeline.preflight import check_file
    from pipeline.preflight.aim import aim
    from pipeline.read import find, rows
    from pipeline.report.checked import Checked

TARGETS: tuple[tuple[str, Method], ...] = (
    ("openai/gpt-4.1-mini", "sft"),
    ("openai/gpt-4.1-mini", "dpo"),
    ("azure/o4-mini", "rft"),
    ("vertex/gemini-2.5-pro", "sft"),
    ("bedrock/nova-pro", "sft"),
    ("together/up-to-9b", "sft"),
    ("trl/open-model", "sft"),
)
KEYS = tuple(
    "messages role content type text image_url url detail refusal tool_calls tool_call_id id function name arguments "  # noqa: SIM905
    "tools parameters properties required items enum $ref const function_call functions weight parallel_tool_calls input "
    "preferred_output non_preferred_output contents parts systemInstruction system prompt completion conversations from "
    "value chosen rejected reference_answer".split()
)
WORDS = (
    *"system developer user assistant tool function model human gpt bot object string text refusal".split(),  # noqa: SIM905
    *'f {"a":1} {"a":[ data:image/png;base64,iVBORw0KGgo= https://example.org/a.png <|im_start|> <b>'.split(),  # noqa: SIM905
    *("", " ", "\x00", "\ud800", "\udfff", "e\u0301", "\u202e", "\U0001f600", "user: a\nassistant: b", "a;b|c"),
)
NUMBERS = ("0", "1", "-1", "0.0", "-0.0", "1e999", "-1e400", "NaN", "Infinity", "9" * 30, "9" * 5000, "1e-400")
TEXT_SIZE = 60
FLAGS = ("-max_len=2048", "-len_control=0", "-timeout=30", "-rss_limit_mb=4096")
SELDOM = 16
GOOD = b'{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}]}\n'
LOOSE = ("schema.", "keys.")
"""Rules whose place may be a key that is not there."""
DEEP = (3, 100, 260, 499, 501, 800, 1000, 5000)


class Maker:
    """Makes JSON text from what the fuzzer gives: valid nearly always, with keys that mean something."""

    def __init__(self, data: bytes) -> None:
        self.given = atheris.FuzzedDataProvider(data)

    def one_of(self, values: Sequence[Any]) -> Any:
        return values[self.given.ConsumeIntInRange(0, len(values) - 1)]

    def lines(self) -> Iterator[str]:
        for _ in range(1 + self.given.ConsumeIntInRange(0, 3)):
            yield self.example()

    def example(self) -> str:
        kind = self.given.ConsumeIntInRange(0, 5)
        if kind == 0:
            return self.value(0)
        if kind == 1:
            asked = self.object([("messages", self.chat()), ("tools", self.tools())])
            answers = [("preferred_output", self.chat()), ("non_preferred_output", self.chat())]
            return self.object([("input", asked), *answers])
        return self.object([("messages", self.chat()), *([("tools", self.tools())] if kind > 3 else [])])

    def object(self, pairs: list[tuple[str, str]]) -> str:
        """Write the pairs, at times with one more or one in another's place."""
        luck = self.given.ConsumeIntInRange(0, 7)
        if luck == 0:
            pairs = [*pairs, (self.key(), self.value(1))]
        elif luck == 1 and pairs:
            pairs[self.given.ConsumeIntInRange(0, len(pairs) - 1)] = (self.key(), self.value(1))
        return "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in pairs) + "}"

    def chat(self) -> str:
        return self.some(self.turn, 4)

    def turn(self) -> str:
        pairs = [("role", self.text()), ("content", self.content())]
        kind = self.given.ConsumeIntInRange(0, 4)
        if kind == 1:
            pairs.append(("tool_calls", self.some(self.call, 2)))
        elif kind == 2:
            pairs.append(("weight", self.scalar()))
        elif kind == 3:
            pairs.append(("tool_call_id", self.text()))
        return self.object(pairs)

    def content(self) -> str:
        kind = self.given.ConsumeIntInRange(0, 3)
        return self.value(1) if kind == 0 else self.some(self.part, 3) if kind == 1 else self.text()

    def part(self) -> str:
        image = self.object([("url", self.text())])
        return self.object([("type", self.text()), ("text", self.text()), ("image_url", image)])

    def call(self) -> str:
        function = self.object([("name", self.text()), ("arguments", self.arguments())])
        return self.object([("id", self.text()), ("type", '"function"'), ("function", function)])

    def arguments(self) -> str:
        return json.dumps(self.value(1)) if self.given.ConsumeBool() else self.text()

    def tools(self) -> str:
        return self.some(self.tool, 2)

    def tool(self) -> str:
        function = self.object([("name", self.text()), ("parameters", self.schema())])
        return self.object([("type", '"function"'), ("function", function)])

    def schema(self) -> str:
        inner = self.object([(self.key(), self.value(1))])
        return self.object([("type", '"object"'), ("properties", inner), ("required", self.value(2))])

    def some(self, make: Callable[[], str], most: int) -> str:
        return "[" + ",".join(make() for _ in range(self.given.ConsumeIntInRange(0, most))) + "]"

    def value(self, depth: int) -> str:
        kind = self.given.ConsumeIntInRange(0, 9)
        if kind == 0:
            return self.nested()
        if kind <= 2 and depth < 3:
            return self.some(lambda: self.value(depth + 1), 3)
        if kind <= 4 and depth < 3:
            pairs = [(self.key(), self.value(depth + 1)) for _ in range(self.given.ConsumeIntInRange(0, 3))]
            return self.object(pairs)
        return self.scalar()

    def nested(self) -> str:
        levels = self.one_of(DEEP)
        start, end = ("[", "]") if self.given.ConsumeBool() else ('{"type":"object","properties":{"a":', "}}")
        return start * levels + self.scalar() + end * levels

    def scalar(self) -> str:
        kind = self.given.ConsumeIntInRange(0, 3)
        if kind == 0:
            return str(self.one_of(NUMBERS))
        return str(self.one_of(("null", "true", "false"))) if kind == 1 else self.text()

    def key(self) -> str:
        return self.one_of(KEYS) if self.given.ConsumeIntInRange(0, 7) else self.any_text()

    def text(self) -> str:
        word = self.one_of(WORDS) if self.given.ConsumeIntInRange(0, 3) else self.any_text()
        return json.dumps(word, ensure_ascii=self.given.ConsumeBool())

    def any_text(self) -> str:
        return self.given.ConsumeUnicode(self.given.ConsumeIntInRange(0, TEXT_SIZE))


class Fuzz:
    """The three harnesses, with a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def raw(self, data: bytes) -> None:
        """Check any bytes as a file: alone, or behind an example so that the lines are taken for examples."""
        path = self.folder / "a.jsonl"
        path.write_bytes(GOOD + data[1:] if data[:1] > b"\x40" else data[1:])
        place(path, check_file(path))

    def examples(self, data: bytes) -> None:
        """Measure lines and let every rule look at them; one input in SELDOM is checked as a file besides."""
        maker = Maker(data)
        target, method = maker.one_of(TARGETS)
        lines = list(maker.lines())
        judged(lines, target, method)
        if sum(data) % SELDOM == 0:
            path = self.folder / "b.jsonl"
            path.write_bytes(b"\n".join(line.encode("utf-8", "surrogatepass") for line in lines))
            place(path, check_file(path, target=target, method=method))

    def csv(self, data: bytes) -> None:
        """Read any bytes as a table: each row is either read or in trouble, and no two share a name."""
        path = self.folder / "c.csv"
        path.write_bytes(data)
        try:
            batches = list(rows([find("c", "c.csv", root=self.folder)]))
        except SourceError:
            return
        names = [name for batch in batches for name in batch["name"].to_pylist()]
        assert len(names) == len(set(names)), "two rows of one name"
        for batch in batches:
            for record, unread in zip(batch["record"].to_pylist(), batch["unread"].to_pylist(), strict=True):
                assert (record is None) == (unread is not None), "a row is either read or in trouble"
                assert record is None or isinstance(json.loads(record), dict)


@cache
def asked_of(target: str, method: Method) -> tuple[list[Rule], Limits]:
    """Give the rules that look at rows of a target, and its limits."""
    settings = aim(target, method, RuleSettings()).settings
    return [rule for rule in active(settings) if rule.look], settings.limits


def judged(lines: Sequence[str], target: str, method: Method) -> None:
    """Measure the lines as the check does, and let every rule look at each, suspected or not."""
    payloads = [line.encode("utf-8", "replace").decode() for line in lines]
    facts = Measure(method=method)(pa.table({"payload": pa.array(payloads, pa.string())}))
    asked, limits = asked_of(target, method)
    for payload, counts in zip(payloads, facts["tokens"].to_pylist(), strict=True):
        example = Example.parse(payload, method=method, tokens=Tokens(counts["total"]) if counts else None)
        for rule in asked:
            for flaw in rule.look(example, limits) if rule.look else ():
                assert flaw.message, rule.code
                assert flaw.where == "" or flaw.where.startswith("/"), (rule.code, flaw)
                if not rule.code.startswith(LOOSE):
                    follow(payload.encode(), flaw.where)


def place(path: Path, checked: Checked) -> None:
    """Demand that every finding names a file or line, and a pointer that exists."""
    lines = path.read_bytes().split(b"\n")
    files = {file.name: file.lines for file in checked.summary.files}
    for finding in checked.findings:
        file, _, line = finding.name.rpartition(":")
        assert finding.name in ("dataset", *files) or 1 <= int(line) <= files[file], finding
        assert finding.message, finding
        assert finding.where == "" or finding.where.startswith("/"), finding
        if finding.where and not finding.code.startswith(LOOSE):
            follow(lines[int(line) - 1], finding.where)


def follow(line: bytes, where: str) -> None:
    """Follow a pointer; its last step may name what is missing. Lines in a platform's own words are left out."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return
    if not isinstance(value, dict) or not {"messages", "input"} & set(value):
        return
    steps = [step.replace("~1", "/").replace("~0", "~") for step in where.split("/")[1:]]
    for number, step in enumerate(steps, 1):
        if isinstance(value, list):
            assert int(step) < len(value), where
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            assert number == len(steps), where


def main() -> None:
    """Fuzz until the time is up or something breaks."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("harness", choices=("bytes", "examples", "csv"))
    words.add_argument("--seconds", type=int, default=600)
    words.add_argument("--corpus", type=Path, help="folder of inputs to start from and add to")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fuzz = Fuzz(Path(folder))
        harnesses = {"bytes": fuzz.raw, "examples": fuzz.examples, "csv": fuzz.csv}
        flags = [f"-max_total_time={asked.seconds}", *FLAGS]
        corpus = [str(asked.corpus)] if asked.corpus else []
        atheris.Setup([sys.argv[0], *flags, *corpus], harnesses[asked.harness])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
