"""The only door to Great Expectations: a process of its own that warms up while the run does its work.

Great Expectations takes 4 CPU-seconds and 300 MB to import. Run as a script, beside the run and with its two heaviest
imports put off until something uses them, it takes 2 on the other core and leaves the main process as it was. Its
warnings and progress bars end here as well. This file imports nothing of ours, so that it starts from any folder.
"""

import gc
import importlib.util
import json
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any, BinaryIO, Final

PUT_OFF: Final = frozenset({"altair", "scipy.stats"})
"""Imports of Great Expectations that only its Kullback-Leibler and bootstrap expectations use: 1.9 of 4.0 CPU-seconds."""
ABSENT: Final = ("boto3", "botocore")
"""Imported by Great Expectations where they happen to be installed, for stores that a process without a network has not."""
NETWORK: Final = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})


class Later(MetaPathFinder):
    """Lets a module load at the first use of one of its names, by the standard library's LazyLoader."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002 - the protocol's
        """Find the modules of `PUT_OFF`; leave all others to the next finder."""
        spec = PathFinder.find_spec(fullname, path) if fullname in PUT_OFF else None
        if spec is not None and spec.loader is not None:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec


def shut_network(event: str, _: tuple[Any, ...]) -> None:
    """Refuse whatever would leave this machine: an audit hook, which nothing in the process can take off again."""
    if event in NETWORK:
        raise PermissionError(f"the expectation gate has no network ({event})")


def load() -> Any:
    """Import Great Expectations, quietly and without telemetry."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    sys.meta_path.insert(0, Later())
    sys.modules.update(dict.fromkeys(ABSENT))  # type: ignore[arg-type]  # None: an import of it raises ImportError
    gc.disable()  # the import makes a million objects and no garbage; collecting between them costs a fifth
    import great_expectations  # type: ignore[import-untyped,unused-ignore] # a typed package by size would cost mypy minutes

    gc.enable()
    return great_expectations


def judge(gx: Any, tables: dict[str, Any], expectations: list[dict[str, Any]], parameters: dict[str, Any]) -> list[Any]:
    """Give, for each expectation in order, `success`, `kwargs`, `result` and `problem` (None, or why it has no answer)."""
    answers: list[Any] = [None] * len(expectations)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    for name, frame in tables.items():
        suite = gx.ExpectationSuite(name=name)
        for number, expectation in enumerate(expectations):
            if expectation["meta"]["table"] == name:
                answers[number] = _add(gx, suite, expectation, number)
        asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
        batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
        outcome = batch.validate(suite, expectation_parameters=parameters, result_format="BASIC")
        for result in outcome.results:
            answers[result.expectation_config.meta["number"]] = _answer(result)
    return answers


def _add(gx: Any, suite: Any, expectation: dict[str, Any], number: int) -> dict[str, Any]:
    """Add one expectation to the suite; the answer given stands where it cannot be added."""
    kind = "".join(word.title() for word in expectation["type"].split("_"))
    try:
        suite.add_expectation(getattr(gx.expectations, kind)(**expectation["kwargs"], meta={"number": number}))
    except Exception as error:  # noqa: BLE001 - whatever Great Expectations raises, the user's line of the suite is the cause
        return {"success": None, "kwargs": {}, "result": {}, "problem": _first_line(error)}
    return {"success": None, "kwargs": {}, "result": {}, "problem": "it gave no result"}


def _answer(result: Any) -> dict[str, Any]:
    problem = _problem(result.exception_info)
    return {
        "success": None if problem else bool(result.success),
        "kwargs": {key: value for key, value in result.expectation_config.kwargs.items() if key != "batch_id"},
        "result": dict(result.result),
        "problem": problem,
    }


def _problem(info: dict[str, Any]) -> str | None:
    """Find the message in exception information, which is flat for expectations and nested for metrics."""
    for part in (info, *(value for value in info.values() if isinstance(value, dict))):
        if part.get("raised_exception"):
            return _first_line(part.get("exception_message"))
    return None


def _first_line(error: object) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _plain(value: Any) -> Any:
    """Turn a numpy value into what JSON knows; some results of Great Expectations hold numpy.bool."""
    return value.item() if hasattr(value, "item") else str(value)


def _frames(stream: BinaryIO, sizes: dict[str, int]) -> dict[str, Any]:
    """Read the tables by their sizes; the stream's end may never come, as forked workers of the run hold it open."""
    import pyarrow as pa

    tables = {name: pa.ipc.open_stream(stream.read(size)).read_all() for name, size in sizes.items()}
    return {name: _wide(table.to_pandas()) for name, table in tables.items()}


def _wide(frame: Any) -> Any:
    """Give the frame with its counts in 64 bits: others Great Expectations compares one by one, 0.35 s a million."""
    return frame.astype(dict.fromkeys(frame.select_dtypes("int32").columns, "int64"))


def main() -> None:
    """Warm up, then answer requests on stdin (a line of JSON, then Arrow streams) on stdout, a line each, up to the last."""
    sys.addaudithook(shut_network)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print must not mix with the answer
    gx = load()
    while line := sys.stdin.buffer.readline():  # nothing: the run ended without a question
        request = json.loads(line)
        frames = _frames(sys.stdin.buffer, request["sizes"])
        json.dump(judge(gx, frames, request["expectations"], request["parameters"]), out, default=_plain)
        out.write("\n")
        out.flush()
        if request["is_last"]:
            return


if __name__ == "__main__":
    main()
    os._exit(0)  # the answer is out: taking a million objects apart one by one would cost 0.6 CPU-seconds more
