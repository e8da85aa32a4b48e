"""A dataset from a bucket beside the same from the disk: python bench/remote.py [ROWS] [--keep PLACE].

Runs s3rver (npm, MIT; a server of S3's protocol that shares no code with tuneset or its libraries) on loopback, puts a CSV of real
text (data/raw) there, as it is and as gzip, builds from the bucket into the bucket and from the disk onto the disk, in turns,
and says whether the training files are the same byte for byte. Needs node and npm; installs the server into PLACE (a temporary folder).
"""

import argparse
import csv
import gzip
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corpus import DATA, corpus

ROOT = Path(__file__).parents[1]
SERVER = "s3rver@3.7.1"
RUNS = 3
PLAN = """name = "remote"
[dedupe]
near = false
[expect]
enabled = false
[write]
folder = "{folder}"
[[source]]
name = "plain"
path = "{root}plain.csv"
compose = {{ recipe = "pairs", user = "question", assistant = "answer" }}
[[source]]
name = "packed"
path = "{root}packed.csv.gz"
compose = {{ recipe = "pairs", user = "question", assistant = "answer" }}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=int, default=20_000)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        size = write(place, asked.rows)
        with served(asked.keep or place / "server", place / "objects") as world:
            taken = compare(place, world)
    print(f"{asked.rows:,} rows, {size / 1e6:.1f} MB of CSV, half of it as gzip; medians of {RUNS}\n")
    print("| from and to | wall s |\n|---|---:|")
    for name, seconds in taken.items():
        print(f"| {name} | {sorted(seconds)[RUNS // 2]:.1f} |")


def write(place: Path, rows: int) -> int:
    """Write both sources onto the disk; give the bytes of CSV."""
    pairs = [row.turns[:2] for row in corpus(DATA).rows(rows)]
    for name, part in (("plain.csv", pairs[: rows // 2]), ("packed.csv", pairs[rows // 2 :])):
        with (place / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("question", "answer"), *part])
    size = sum((place / name).stat().st_size for name in ("plain.csv", "packed.csv"))
    (place / "packed.csv.gz").write_bytes(gzip.compress((place / "packed.csv").read_bytes(), 6))
    return size


@contextmanager
def served(home: Path, objects: Path) -> Iterator[dict[str, str]]:
    """Run the server with an empty bucket; give the environment that leads to it."""
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "node_modules/.bin/s3rver").exists():
        subprocess.run(["npm", "install", "--silent", "--prefix", str(home), SERVER], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["node", str(home / "node_modules/.bin/s3rver"), "--directory", str(objects), "--address", "127.0.0.1"]
    command += ["--port", str(port), "--silent", "--configure-bucket", "bucket"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        wait_for(port)
        address = f"http://127.0.0.1:{port}"
        keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "S3RVER")
        yield {**keys, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": address, "AWS_ALLOW_HTTP": "true"}
        server.terminate()


def wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def compare(place: Path, world: dict[str, str]) -> dict[str, list[float]]:
    os.environ.update(world)
    from pipeline.core import remote

    for name in ("plain.csv", "packed.csv.gz"):
        remote.put_file(f"s3://bucket/raw/{name}", place / name)
    taken: dict[str, list[float]] = {"disk": [], "bucket": []}
    for run in range(RUNS):
        for name, root, folder in (("disk", "", f"out{run}"), ("bucket", "s3://bucket/raw/", f"s3://bucket/out{run}")):
            plan = place / f"{name}.toml"
            plan.write_text(PLAN.format(root=root, folder=folder))
            began = time.perf_counter()
            command = [sys.executable, "-m", "pipeline", "build", "--plan", str(plan), "--no-cache", "--quiet"]
            subprocess.run([*command, "--fail-on", "never"], check=True, cwd=ROOT)
            taken[name].append(time.perf_counter() - began)
    pointer = json.loads((remote.get("s3://bucket/out0/latest.json") or (b"{}", None))[0])
    same = {
        name: (place / "out0/latest" / name).read_bytes() == (remote.get(f"s3://bucket/out0/{path}") or (b"",))[0]
        for name, path in pointer["files"].items()
        if name in {"train.jsonl", "validation.jsonl"}
    }
    assert same == {"train.jsonl": True, "validation.jsonl": True}, same
    print("train.jsonl and validation.jsonl are the same, byte for byte\n")
    return taken


if __name__ == "__main__":
    main()
