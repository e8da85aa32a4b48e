"""Golden bytes: what a version writes for one small messy table, to the byte."""

from pathlib import Path

from tests.house.golden import FILES, FOLDER, built


def test_the_golden_table_gives_the_golden_bytes(tmp_path: Path) -> None:
    files = built(tmp_path)

    for name in FILES:
        assert (FOLDER / name).read_bytes().decode() == files[name].decode(), (
            f"{name} changed; see tests/house/golden.py"
        )
