"""What people validate training files with today, beside `tuneset check`: python bench/peers.py [FOLDER] [ROWS].

Installs each peer at a pinned version into an environment of its own (in a temporary folder, or in `--keep PLACE`), then gives
two tables in Markdown: the time, CPU and memory that each needs for the same file of ROWS examples (100,000) made of the real
text in FOLDER (data/raw), and what each says of some fifty small files with one planted flaw and of ten without. A flaw counts
as caught when the peer says something about the flawed file that it does not say about the same file without the flaw.
`--flaws` and `--times` give one table only; `--runs N` repeats the timing, in turns, and takes medians (3).

The bench needs a package index for the first run. Token counting is offline: it gives tiktoken the vocabularies that ship with
tuneset, which are byte for byte those that tiktoken would download.
"""

import argparse
import base64
import ctypes
import hashlib
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from corpus import DATA, OF, Corpus, corpus
from environments import home, is_installed
from harvest import payload
from meter import PR_SET_CHILD_SUBREAPER, family, proportional_bytes
from peers_flaws import File, flawed, harmless, sound

ROOT = Path(__file__).parents[1]
STEPS = Path(__file__).with_name("peers_steps.py")
RANKS = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
TARGET = "openai/gpt-4o"
LOOKS_A_SECOND = 5


class Done(NamedTuple):
    """What a run gave and took."""

    code: int
    out: str
    error: str
    report: Path
    """A file that the peer may have written."""
    wall: float
    cpu: float
    peak: int
    """Most bytes resident at once, of all its processes together; what they share counts once."""


Said = set[tuple[object, str]]


@dataclass(frozen=True)
class Peer:
    """One tool at its best settings for a chat file of OpenAI's format."""

    name: str
    does: str
    """What it does on the large file, for the table."""
    commands: Callable[[str, str, str], list[list[str]]]
    """Folder of its programs, file, report → what to run, one after the other."""
    said: Callable[[Done], Said]
    needs: tuple[str, ...] = ()
    """Pinned packages; none: it is this project, and needs nothing."""
    most_rows: int | None = None
    """As much of the large file as it gets through in a minute or two."""
    ignore: frozenset[str] = field(default_factory=frozenset)
    """Remarks that any additional row brings about."""


def step(name: str) -> Callable[[str, str, str], list[list[str]]]:
    return lambda programs, file, _report: [[f"{programs}/python", str(STEPS), name, file]]


def listed(done: Done) -> Said:
    """Read the JSON lists of peers_steps.py; an earlier list stands when a later step broke."""
    lines = [line for line in done.out.splitlines() if line.startswith("[")]
    return {(line, text) for line, text in json.loads(lines[-1])} if lines else set()


def parallelogram(done: Done) -> Said:
    return {(one["line"], one["rule"]) for one in _json(done.out).get("issues", ())}


def finelint(done: Done) -> Said:
    findings = _json(_read(done.report)).get("findings", ())
    return {(json.dumps(one.get("affected_records", one.get("records"))), one["code"]) for one in findings}


def ftml(done: Done) -> Said:
    return {(None, " ".join(line.split())) for line in done.out.splitlines() if "✗" in line or "⚠" in line}


def convmerge(done: Done) -> Said:
    report = _json(done.out)
    counted = {key: report.get(key) for key in ("invalid_json", "non_object", "no_example", "invalid")}
    kinds = {**report.get("drop_reasons", {}), **report.get("lossy", {}), **counted}
    return {(None, f"{kind}: {count}") for kind, count in kinds.items() if count}


def cleanllm(done: Done) -> Said:
    """Read what preflight and check-turns print; both count what they found below a title."""
    lines = [line.strip() for line in done.out.splitlines()]
    return {(None, line) for line in lines if re.fullmatch(r"(line \d+: )?[a-z_]+(:[a-z_]+)?: \S+", line)} | {
        (None, line)
        for line in lines
        if re.match(r"(Invalid rows|Flagged records|Invalid JSON)", line) and line[-2:] != " 0"
    }


def corpusguard(done: Done) -> Said:
    report = _json(_read(done.report))
    said = {
        (str(one.get("row", one.get("row_index"))), str(one.get("code", one.get("kind"))))
        for one in report.get("findings", ())
    }
    invalid = report.get("metrics", {}).get("invalid_rows", 0)
    return said | ({(None, f"invalid rows: {invalid}")} if invalid else set())


def tuneset(done: Done) -> Said:
    return {(one["name"], one["code"]) for one in _json(done.out).get("findings", ()) if one["code"] != "dataset.few"}


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


PEERS = (
    Peer(
        "tuneset check",
        "122 rules, exact o200k tokens, exact duplicates, contradictions, private data, price",
        lambda _programs, file, _report: [
            [sys.executable, "-m", "pipeline", "check", file, "--target", TARGET, "--format", "json"]
        ],
        tuneset,
    ),
    Peer(
        "OpenAI's notebook",
        "structure, o200k tokens by its formula",
        step("notebook"),
        listed,
        ("tiktoken==0.12.0", "numpy==2.3.5"),
    ),
    Peer("together 1.5.35", "structure; stops at the first error", step("together_1"), listed, ("together==1.5.35",)),
    Peer(
        "together 3.1.1",
        "UTF-8, JSON, row count; the rest is checked by the server after upload",
        step("together_3"),
        listed,
        ("together==3.1.1",),
    ),
    Peer(
        "mistral-common 1.4.4",
        "structure and roles for Mistral's own training, exact tokens of its tokenizer",
        step("mistral"),
        listed,
        ("mistral-common==1.4.4",),
    ),
    Peer(
        "parallelogram 0.4.2",
        "structure, roles, o200k tokens, exact duplicates",
        lambda programs, file, _report: [
            [f"{programs}/parallelogram", "check", file, "--json", "--tokenizer", "gpt-4o", "--max-seq-len", "65536"]
        ],
        parallelogram,
        ("parallelogram==0.4.2", "tiktoken==0.12.0"),
    ),
    Peer(
        "ftml-cli 0.1.0",
        "structure, o200k tokens of the contents",
        lambda programs, file, _report: [
            [
                f"{programs}/ftml",
                "validate",
                file,
                "--platform",
                "openai",
                "--token-model",
                "o200k_base",
                "--max-tokens",
                "65536",
                "--strict",
            ]
        ],
        ftml,
        ("ftml-cli==0.1.0", "tiktoken==0.12.0"),
    ),
    Peer(
        "convmerge 1.6.5",
        "structure",
        lambda programs, file, _report: [[f"{programs}/convmerge", "validate", "-i", file]],
        convmerge,
        ("convmerge==1.6.5",),
    ),
    Peer(
        "cleanllm 4.0.0",
        "structure for TRL (preflight) and order of turns (check-turns)",
        lambda programs, file, _report: [
            [f"{programs}/cleanllm", "preflight", file, "--framework", "trl"],
            [f"{programs}/cleanllm", "check-turns", file],
        ],
        cleanllm,
        ("cleanllm==4.0.0",),
    ),
    Peer(
        "finelint 0.2.0",
        "structure, tool calls, exact and near duplicates, contradictions",
        lambda programs, file, report: [
            [
                f"{programs}/finelint",
                "inspect",
                file,
                "--schema",
                "openai",
                "--format",
                "jsonl",
                "--report",
                report,
                "--affected-records",
                f"{report}.rows",
            ]
        ],
        finelint,
        ("finelint==0.2.0",),
        most_rows=10_000,
    ),
    Peer(
        "corpusguard-audit 0.1.0",
        "fields, exact and near duplicates, e-mail, phone, repetition",
        lambda programs, file, report: [[f"{programs}/corpusguard", "scan", file, "--json-out", report]],
        corpusguard,
        ("corpusguard-audit==0.1.0",),
        most_rows=2_000,
    ),
    Peer(
        "modelbrew-cleaner 0.1.0",
        "fields, duplicates, private data, slop, encoding, tool calls",
        step("modelbrew"),
        listed,
        ("modelbrew-cleaner==0.1.0",),
        most_rows=2_000,
        ignore=frozenset({"length_outlier"}),
    ),
)


def main() -> None:
    asked = _arguments()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        place = asked.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        peers = [peer for peer in PEERS if is_installed(peer.name, peer.needs, place)]
        bench = Bench(place, _vocabularies(place))
        if not asked.flaws:
            bench.times(peers, corpus(asked.folder, of=asked.of), rows=asked.rows, runs=asked.runs)
        if not asked.times:
            bench.flaws(peers)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("rows", nargs="?", type=int, default=100_000)
    parser.add_argument("--of", choices=OF, default=OF[0], help="what rows are put together of")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--flaws", action="store_true")
    only.add_argument("--times", action="store_true")
    return parser.parse_args()


def _vocabularies(place: Path) -> Path:
    """Write the shipped vocabularies where tiktoken keeps its downloads; it verifies their digests itself."""
    from pipeline.measure.counter import oracle

    folder = place / "vocabularies"
    folder.mkdir(exist_ok=True)
    for name in ("o200k_base", "cl100k_base"):
        ranks = sorted(oracle(name)._encoding._mergeable_ranks.items(), key=lambda pair: pair[1])  # noqa: SLF001
        lines = b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks)
        (folder / hashlib.sha1(RANKS.format(name).encode()).hexdigest()).write_bytes(lines)
    return folder


@dataclass(frozen=True)
class Bench:
    """Runs peers in their environments."""

    place: Path
    vocabularies: Path

    def run(self, peer: Peer, file: Path) -> Done:
        report = file.with_suffix(".report.json")
        report.unlink(missing_ok=True)
        programs = str(home(peer.name, peer.needs, self.place) / "bin")
        done = [self._run(command, report) for command in peer.commands(programs, str(file), str(report))]
        return Done(
            max(one.code for one in done),
            "\n".join(one.out for one in done),
            "\n".join(one.error for one in done),
            report,
            sum(one.wall for one in done),
            sum(one.cpu for one in done),
            max(one.peak for one in done),
        )

    def _run(self, command: list[str], report: Path) -> Done:
        import resource

        paths = os.pathsep.join(path for path in (str(ROOT), os.environ.get("PYTHONPATH")) if path)
        own = command[0] == sys.executable
        world = {**os.environ, "TIKTOKEN_CACHE_DIR": str(self.vocabularies), "COLUMNS": "300", "NO_COLOR": "1"}
        world["PYTHONPATH"] = paths if own else ""
        before, began, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), 0
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as error:
            with subprocess.Popen(command, stdout=out, stderr=error, env=world, cwd=self.place) as process:
                while process.poll() is None:
                    peak = max(peak, sum(proportional_bytes(one) for one in family(process.pid)))
                    time.sleep(1 / LOOKS_A_SECOND if time.perf_counter() - began > 1 else 0.02)
            wall = time.perf_counter() - began
            _orphans()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            out.seek(0)
            error.seek(0)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            return Done(process.returncode, out.read(), error.read(), report, wall, cpu, peak)

    def times(self, peers: list[Peer], texts: Corpus, *, rows: int, runs: int) -> None:
        """Print what each needs for the large file; one that stops early or breaks on it says so."""
        whole = self.place / "large.jsonl"
        _write(whole, texts, rows)
        taken: dict[str, list[Done]] = {peer.name: [] for peer in peers}
        for turn in range(runs):
            for peer in peers if turn == 0 else [peer for peer in peers if not peer.most_rows]:
                taken[peer.name].append(self.run(peer, _first(whole, peer.most_rows)))
                print(f"{peer.name}: {taken[peer.name][-1].cpu:.1f} s CPU", file=sys.stderr, flush=True)
        print(f"{rows:,} examples, {whole.stat().st_size / 1e6:,.0f} MB, medians of {runs}\n")
        print(
            "| tool | does | rows | CPU s | wall s | peak MB | CPU s per 100,000 |\n|---|---|---:|---:|---:|---:|---:|"
        )
        for peer in peers:
            done = taken[peer.name]
            count = min(rows, peer.most_rows or rows)
            cpu, wall = (statistics.median(getattr(one, name) for one in done) for name in ("cpu", "wall"))
            peak = statistics.median(one.peak for one in done) / 1e6
            broke = " (broke off)" if _broke(done[0]) else ""
            print(
                f"| {peer.name} | {peer.does}{broke} | {count:,} | {cpu:.1f} | {wall:.1f} | {peak:,.0f} | {cpu / count * 1e5:,.1f} |"
            )

    def flaws(self, peers: list[Peer]) -> None:
        """Print what each says of every small file."""
        columns = [self._verdicts(peer) for peer in peers]
        for title, files, words in (
            ("planted flaw", list(flawed()), {"said": "yes", "always": "(yes)", "nothing": "·", "broke": "breaks"}),
            ("sound", list(harmless()), {"said": "refused", "nothing": "·", "broke": "breaks"}),
        ):
            print(f"\n| {title} | {' | '.join(_short(peer) for peer in peers)} |\n|---|{':-:|' * len(peers)}")
            for file in files:
                print(f"| {file.name} | {' | '.join(words[column[file.name]] for column in columns)} |")
            for name, verdict in (("in all", "said"), ("breaks", "broke")):
                sums = [sum(column[file.name] == verdict for file in files) for column in columns]
                total = f"{words[verdict]}, of {len(files)}" if name == "in all" else name
                print(f"| **{total}** | {' | '.join(f'**{count}**' for count in sums)} |")

    def _verdicts(self, peer: Peer) -> dict[str, str]:
        """Say of every small file: `said` something; `always`, but no other than of its sound twin; `nothing`; `broke`."""
        usual, first = self._said(peer, sound())
        sound_code = first.code
        known: dict[str, Said] = {"": set()}
        verdicts = {}
        for file in (*harmless(), *flawed()):
            said, done = self._said(peer, file)
            fresh = {one for one in said - usual if one[1] not in peer.ignore}
            known[file.name] = fresh
            if fresh:
                verdicts[file.name] = "always" if fresh <= known[file.twin] else "said"
            elif _broke(done):
                verdicts[file.name] = "broke"
            else:
                verdicts[file.name] = "nothing" if done.code == sound_code else "said"
        return verdicts

    def _said(self, peer: Peer, file: File) -> tuple[Said, Done]:
        path = self.place / "small.jsonl"
        path.write_bytes(file.content)
        done = self.run(peer, path)
        return peer.said(done), done


def _orphans() -> None:
    """Wait for what a process left behind (the server that forks tuneset's workers), so that its CPU time counts."""
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _short(peer: Peer) -> str:
    name, _, version = peer.name.partition(" ")
    for ending in ("-cli", "-audit", "-cleaner"):
        name = name.removesuffix(ending)
    return f"{name} {version[0]}" if name == "together" else {"OpenAI's": "notebook"}.get(name, name)


def _broke(done: Done) -> bool:
    return "Traceback (most recent call last)" in done.out + done.error


def _write(path: Path, texts: Corpus, rows: int) -> None:
    """Write chats without control tokens: so that no peer stops at its first."""
    found = (row.turns for row in map(texts.row, itertools.count()) if "<|" not in "".join(row.turns))
    with path.open("w", encoding="utf-8") as file:
        file.writelines(payload(turns) + "\n" for turns in itertools.islice(found, rows))


def _first(whole: Path, rows: int | None) -> Path:
    """Give the file, or one with its first rows."""
    if rows is None:
        return whole
    part = whole.with_name(f"first{rows}.jsonl")
    with whole.open("rb") as lines, part.open("wb") as file:
        file.writelines(line for _, line in zip(range(rows), lines, strict=False))
    return part


if __name__ == "__main__":
    main()
