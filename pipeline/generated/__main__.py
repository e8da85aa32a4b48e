"""`python -m pipeline.generated` writes every generated file anew, into the repository it runs from."""

import sys
from pathlib import Path

from pipeline.generated import FILES

root = Path(__file__).parents[2]
for name, write in FILES.items():
    path = root / name
    text = write()
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"wrote {name}\n")
