"""The golden dataset: `python -m tests.house.golden` writes it anew after a wanted change of bytes."""

import shutil
import tempfile
from pathlib import Path

from tests.house.house import House

FOLDER = Path(__file__).parents[1] / "golden" / "tiny"
FILES = ("train.jsonl", "validation.jsonl", "rejected.jsonl", "findings.jsonl")


def built(folder: Path) -> dict[str, bytes]:
    """Build the golden source in this folder and give the files that are compared."""
    shutil.copy(FOLDER / "faq.csv", folder)
    house = House(folder)
    house.build({"path": "faq.csv", "compose": {"recipe": "pairs", "system": "Be brief."}, "label": "topic"}, seed=3)
    return {name: house.read(name) for name in FILES}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        for name, content in built(Path(place)).items():
            (FOLDER / name).write_bytes(content)
