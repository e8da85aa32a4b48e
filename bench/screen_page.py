"""The tables of docs/screen.md, made from docs/screen.json; a test keeps page and figures together."""

import re
from collections.abc import Iterable
from typing import Any, Final

ANY: Final = "any of the four"


def with_tables(page: str, figures: dict[str, Any]) -> str:
    """Give the page with each table between its marks made anew."""
    for name, rows in tables(figures).items():
        mark = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        page = re.sub(mark, lambda found, rows=rows: found[1] + rows + found[2], page, flags=re.DOTALL)
    return page


def tables(figures: dict[str, Any]) -> dict[str, str]:
    held, ordinary, fails = figures["categories"], figures["ordinary"], figures["fails"]
    names = [name for name in next(iter(ordinary.values())) if name not in ("texts", "any")]
    categories = (
        (
            name if name in (*names, ANY) else f"({name}: left out)",
            f"{f['positives']} of {f['of']}",
            f"{f['auroc']:.2f}",
            f"{f['auprc']:.2f}",
            _percent(f["recall"]),
            _percent(f["routed_negatives"]),
        )
        for name, f in held.items()
    )
    chat = (
        (source, f"{f['texts']:,}", *(_percent(f[name], 2) for name in ("any", *names)))
        for source, f in ordinary.items()
    )
    hate, asked = fails["HateCheck"], fails["XSTest"]
    missed = (
        ("HateCheck: AUROC of the head for hate (0.50 is chance)", f"{hate['auroc_of_hate']:.2f}"),
        ("HateCheck: hateful cases routed", _percent(hate["routed_hateful"])),
        ("HateCheck: cases without hate routed", _percent(hate["routed_not_hateful"])),
        ("HateCheck: counter-speech routed (it quotes hate to answer it)", _percent(hate["routed_counter_speech"])),
        ("XSTest: AUROC of the highest head (0.50 is chance)", f"{asked['auroc']:.2f}"),
        ("XSTest: unsafe requests routed", _percent(asked["routed_unsafe"])),
        ("XSTest: safe prompts with frightening words routed", _percent(asked["routed_safe"])),
    )
    spoken = ((language, _percent(value)) for language, value in figures["languages"].items())
    return {
        "categories": _table(("Category", "Examples", "AUROC", "AUPRC", "Found (recall)", "Others routed"), categories),
        "ordinary": _table(("Ordinary text", "Texts", "Any head", *names), chat),
        "fails": _table(("Where it fails", ""), missed),
        "languages": _table(("Language", "Left unscreened"), spoken),
    }


def _percent(value: float, digits: int = 0) -> str:
    return f"{value:.{digits}%}".replace("%", " %")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---", *("---:" for _ in head[1:])), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
