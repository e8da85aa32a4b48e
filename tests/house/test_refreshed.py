"""What one build leaves for the next: only what changed is worked out, and nothing damaged is believed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.store import Store, place
from pipeline.remember import keeping
from tests.house.house import House

FEW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.sampled_from(["How do I pay", "Where is it", "By card.", "In room 4.", "Größe?", "日本", "", "a, b"])
ROWS = st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 99)), min_size=1, max_size=12)


def table(rows: list[tuple[str, str, int]]) -> str:
    return "question,answer\n" + "".join(f'"{question} {n}","{answer}"\n' for question, answer, n in rows)


def pairs(*names: str, **compose: object) -> list[dict[str, object]]:
    return [{"path": name, "compose": {"recipe": "pairs", **compose}} for name in names]


def tally(house: House) -> keeping.Tally:
    found = keeping.read_tally(house.root / "cache/rows")
    assert found is not None
    return found


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[str, object]]:
    """Draw a story of what happens to two files, and to the plan, between builds."""
    kind = st.sampled_from(["append", "insert", "delete", "swap", "rename", "limit", "mend"])
    return [(draw(kind), draw(st.tuples(ROWS, st.integers(0, 11)))) for _ in range(draw(st.integers(1, 3)))]


@FEW
@given(rows=ROWS, story=edits())
def test_what_is_built_upon_what_was_kept_is_what_is_built_anew(
    new_house: Callable[[], House], rows: list[tuple[str, str, int]], story: list[tuple[str, tuple[list, int]]]
) -> None:
    lived = new_house()
    one, other, first = list(rows), list(reversed(rows)), "a.csv"
    plan: dict[str, object] = {}
    for step, (what, (more, at)) in enumerate([("nothing", ([], 0)), *story]):
        if what == "append":
            one += more
        elif what == "insert":
            one[at:at] = more
        elif what == "delete" and one:
            del one[at % len(one) : at % len(one) + 1]
        elif what == "swap":
            one, other = other, one
        elif what == "rename":
            (lived.root / first).rename(lived.root / f"n{step}.csv")
            first = f"n{step}.csv"
        elif what == "limit":
            plan = {"target": {"max_tokens": 20 + at}}
        elif what == "mend":
            plan = {"mend": {"whitespace": bool(at % 2)}}
        fresh = new_house()
        for house in (lived, fresh):
            (house.root / first).write_text(table(one))
            (house.root / "b.csv").write_text(table(other))
        lived.build(*pairs(first, "b.csv"), batch_rows=3, stamp=f"v{step}", **plan)
        fresh.build(*pairs(first, "b.csv"), batch_rows=3, stamp=f"v{step}", remembers=False, **plan)

        assert fresh.published() == lived.published()


def many(count: int, *, extra: int = 0) -> str:
    return table([("How do I pay for item", f"By card, in {n % 9} parts.", n) for n in range(count + extra)])


def test_an_appended_table_composes_only_its_end(house: House) -> None:
    house.write(faq_csv=many(400)).build(batch_rows=20)
    house.write(faq_csv=many(400, extra=2)).build(batch_rows=20)

    assert tally(house).rows == 402
    assert tally(house).rows_found >= 300


def test_another_name_and_another_order_of_sources_work_nothing_out(house: House) -> None:
    house.write(a_csv=many(60), b_csv=many(90)).build(*pairs("a.csv", "b.csv"))
    (house.root / "a.csv").rename(house.root / "c.csv")
    house.build(*pairs("b.csv", "c.csv"))

    assert (150, 150) == (tally(house).rows, tally(house).rows_found)


def test_a_changed_limit_judges_anew_and_measures_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write(faq_csv=many(60)).build()

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("pipeline.measure.Measure.__call__", never)
    monkeypatch.setattr("pipeline.compose.Compose.__call__", never)

    assert house.build(target={"max_tokens": 5}).report.fates.kept == 0


@pytest.mark.parametrize("harm", ["cut short", "one bit", "emptied", "another's"])
def test_a_damaged_entry_is_noticed_and_made_again(house: House, harm: str) -> None:
    house.write(faq_csv=many(60)).build()
    before = house.published()
    for kept in keeping.entries(house.root / "cache/rows"):
        whole = kept.path.read_bytes()
        flipped = bytes([whole[len(whole) // 2] ^ 1])
        kept.path.write_bytes(
            {
                "cut short": whole[:-30],
                "one bit": whole[: len(whole) // 2] + flipped + whole[len(whole) // 2 + 1 :],
                "emptied": b"",
                "another's": next(keeping.entries(house.root / "cache/rows")).path.read_bytes(),
            }[harm]
        )
    (house.root / "data/processed/latest").unlink()
    house.build(seed=1)
    house.build()

    assert before["train.jsonl"] == house.read("train.jsonl")


def test_an_entry_half_written_when_the_machine_stopped_is_no_entry(tmp_path: Path) -> None:
    store = Store(tmp_path / "spare", tmp_path / "cache")
    key = bytes(range(16))
    half = place(tmp_path / "cache", key)
    half.parent.mkdir(parents=True)
    half.with_name(".abc.new").write_bytes(b"ARROW1")

    assert store.get(key) is None
    assert list(keeping.entries(tmp_path / "cache")) == []
    assert keeping.clear(tmp_path / "cache") == 6


def test_a_cache_that_cannot_be_written_costs_time_and_no_build(house: House) -> None:
    (house.root / "cache").mkdir()
    (house.root / "cache/rows").write_text("a file is in the way")

    assert house.write(faq_csv=many(60)).build().report.fates.kept > 0


def test_a_disk_that_fills_up_sends_what_is_worked_out_to_the_run_s_own_folder(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pipeline.core.store as kept

    write = kept._written_to

    def full(path: Path, *rest: object) -> Path:
        if "cache" in path.relative_to(house.root).parts:
            raise OSError(28, "No space left on device")
        return write(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("pipeline.core.store._written_to", full)

    assert house.write(faq_csv=many(60)).build().report.fates.kept > 0
    assert list(keeping.entries(house.root / "cache/rows")) == []


def test_an_unchanged_build_reads_nothing_and_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first = house.write(faq_csv=many(60)).build()
    monkeypatch.setattr("pipeline.run.rows", None)
    second = house.build()

    assert not second.published.is_new
    assert first.findings == second.findings
    assert first.report == second.report


@pytest.mark.parametrize("change", ["source", "plan", "suite", "day", "file gone"])
def test_whatever_goes_into_a_build_makes_it_a_new_one(house: House, change: str) -> None:
    from datetime import date

    suite = Path(__file__).parents[2] / "schemas/expectations/default.json"
    (house.root / "suite.json").write_bytes(suite.read_bytes())
    expect = {"enabled": False, "suite": "suite.json"}
    house.write(faq_csv=many(60)).build(expect=expect)
    seed, day = 42, date(2026, 11, 22)
    if change == "source":
        house.write(faq_csv=many(61))
    elif change == "plan":
        seed = 1
    elif change == "suite":
        (house.root / "suite.json").write_bytes(suite.read_bytes() + b"\n")
    elif change == "day":
        day = date(2029, 1, 1)
    else:
        version = (house.root / "data/processed/latest").resolve()
        version.chmod(0o755)
        (version / "rejected.jsonl").unlink()
    built: list[object] = []
    from pipeline import run

    real = run.rows
    try:
        run.rows = lambda *given: built.append(given) or real(*given)  # type: ignore[func-returns-value]
        house.build(expect=expect, seed=seed, today=day, stamp="second")
    finally:
        run.rows = real

    assert built


def test_what_was_not_used_for_longest_goes_first_and_never_what_the_run_used(house: House) -> None:
    cache = house.root / "cache/rows"
    house.write(faq_csv=many(60)).build()
    old = {kept.path for kept in keeping.entries(cache)}
    for path in old:
        os.utime(path, (1_000, 1_000))
    house.write(faq_csv=table([("Another", "Thing.", n) for n in range(60)])).build(cache={"max_gb": 0.0})
    left = {kept.path for kept in keeping.entries(cache)}

    assert left
    assert [] == [path for path in left if path.stat().st_mtime <= 1_000]  # the pairs' entry has kept its name


def test_the_cache_is_for_its_owner_alone_and_marked_for_backups(house: House) -> None:
    house.write(faq_csv=many(60)).build()
    cache = house.root / "cache/rows"

    assert (cache / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    assert all(
        folder.stat().st_mode & 0o077 == 0 for folder in (cache, *(k.path.parent for k in keeping.entries(cache)))
    )


def test_the_salt_of_fakes_is_in_no_key_as_text_and_another_one_composes_anew(house: House) -> None:
    from pipeline.compose import Compose
    from pipeline.compose.recipe import recipes
    from pipeline.core.settings import PrivacySettings

    pair = recipes()["pairs"].settings()
    faked = PrivacySettings(email="pseudonymise")
    stages = [Compose({"s": pair}, privacy=faked, salt=salt) for salt in ("my salt", "another salt")]

    assert "my salt" not in stages[0].identity("s")
    assert stages[0].identity("s") != stages[1].identity("s")


def test_two_builds_at_once_share_a_cache(new_house: Callable[[], House]) -> None:
    import subprocess
    import sys

    houses = [new_house().write(faq_csv=many(120)) for _ in range(2)]
    for house in houses:
        (house.root / "dataset.toml").write_text(
            '[[source]]\npath = "faq.csv"\ncompose = { recipe = "pairs" }\n[expect]\nenabled = false\n'
        )
    shared = {**os.environ, "XDG_CACHE_HOME": str(houses[0].root / "shared")}
    command = [sys.executable, "-m", "pipeline", "build", "--quiet", "--workers", "1", "--fail-on", "never"]
    runs = [subprocess.Popen(command, cwd=house.root, env=shared) for house in houses]

    assert [0, 0] == [run.wait() for run in runs]
    assert houses[0].read("train.jsonl") == houses[1].read("train.jsonl")
