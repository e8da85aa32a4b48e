"""The report as files: for machines, for reading, for looking at."""

import json
from typing import Final

from pipeline.report.markdown import markdown
from pipeline.report.model import Report

NAMES: Final = ("report.json", "report.md", "report.html")


def faces(report: Report) -> dict[str, bytes]:
    """Give each file's name and bytes; the same report gives the same bytes."""
    from pipeline.report.page import page

    texts = dict(zip(NAMES, (as_json(report), markdown(report), page(report)), strict=True))
    return {name: text.encode() for name, text in texts.items()}


def as_json(report: Report) -> str:
    """Give the text of report.json."""
    return json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n"
