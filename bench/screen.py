"""What the offline screen finds and what it misses: python bench/screen.py DATA_FOLDER [--write].

OpenAI's set is judged by heads that were trained without it, in four parts; everything else by the heads that ship, and
none of it was trained on unless the table says so. With --write the figures go to docs/screen.json and docs/screen.md.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.stats import rankdata
from screen_data import CATEGORIES, FOLDS, SHIPPED, for_thresholds, hatecheck, labelled, unseen, xcopa, xstest
from screen_page import ANY, with_tables
from train_screen import train

from pipeline.measure.screen.heads import heads
from pipeline.measure.screen.stage import rows_of

DOCS = Path(__file__).parents[1] / "docs"
NAMES = list(SHIPPED)
TRIED = [*SHIPPED, *(name for name in CATEGORIES.values() if name not in SHIPPED)]


def main() -> None:
    folder = Path(sys.argv[1])
    figures = {
        "categories": held_out(folder),
        "ordinary": ordinary(folder),
        "fails": failures(folder),
        "languages": languages(folder),
    }
    text = json.dumps(figures, indent=1)
    print(text)
    if "--write" in sys.argv:
        (DOCS / "screen.json").write_text(text + "\n", "utf-8")
        page = DOCS / "screen.md"
        page.write_text(with_tables(page.read_text("utf-8"), figures), "utf-8")


def held_out(folder: Path) -> dict[str, dict[str, float]]:
    """Judge each part of what has labels by heads that were trained on the other parts."""
    examples, limits = labelled(folder), for_thresholds(folder)
    margins = np.zeros((len(examples), len(TRIED)))
    part = np.array([one.fold for one in examples])
    for number in range(FOLDS):
        trained = train([one for one in examples if one.fold != number], limits, names=TRIED)
        rows = np.flatnonzero(part == number)
        margins[rows] = trained.judge([examples[row].text for row in rows]).margins
    is_openai = np.array([one.source == "openai" for one in examples])
    figures = {}
    for head, name in enumerate(TRIED):
        known = is_openai & np.array([name in one.labels for one in examples])
        told = np.array([one.labels.get(name, 0) for one in examples])[known] > 0
        figures[name] = measures(margins[known, head], told)
    any_told = np.array([any(one.labels.get(name) for name in SHIPPED) for one in examples])[is_openai]
    figures[ANY] = measures(margins[is_openai, : len(SHIPPED)].max(axis=1), any_told)
    return figures


def measures(margins: np.ndarray, told: np.ndarray) -> dict[str, float]:
    order = np.argsort(-margins, kind="stable")
    hits = told[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return {
        "positives": int(told.sum()),
        "of": len(told),
        "auroc": area(margins, told),
        "auprc": round(float(precision[hits].mean()), 3),
        "recall": share(margins[told] >= 0),
        "routed_negatives": share(margins[~told] >= 0),
    }


def area(margins: np.ndarray, told: np.ndarray) -> float:
    """Give the chance that a positive has the higher margin than a negative (AUROC)."""
    positives = int(told.sum())
    ranks = rankdata(margins)[told].sum() - positives * (positives + 1) / 2
    return round(float(ranks / (positives * (len(told) - positives))), 3)


def share(routed: np.ndarray) -> float:
    return round(float(np.mean(routed)), 4)


def ordinary(folder: Path) -> dict[str, dict[str, float]]:
    """Say how much ordinary text each head routes."""
    return {source: routed(texts) for source, texts in unseen(folder).items()}


def routed(texts: list[str]) -> dict[str, float]:
    margins = heads().judge(texts).margins
    by_head = {name: share(margins[:, head] >= 0) for head, name in enumerate(NAMES)}
    return {"texts": len(texts), "any": share(margins.max(axis=1) >= 0), **by_head}


def failures(folder: Path) -> dict[str, dict[str, float]]:
    checks, prompts = hatecheck(folder), xstest(folder)
    margins = heads().judge([text for _, _, text in checks]).margins
    hateful = np.array([label == "hateful" for _, label, _ in checks])
    counter = np.array([name.startswith("counter") for name, _, _ in checks])
    hate, most = margins[:, NAMES.index("hate")], margins.max(axis=1)
    asked = heads().judge([text for _, text in prompts]).margins.max(axis=1)
    unsafe = np.array([label == "unsafe" for label, _ in prompts])
    return {
        "HateCheck": {
            "cases": len(checks),
            "auroc_of_hate": area(hate, hateful),
            "routed_hateful": share(most[hateful] >= 0),
            "routed_not_hateful": share(most[~hateful] >= 0),
            "routed_counter_speech": share(most[counter] >= 0),
        },
        "XSTest": {
            "prompts": len(prompts),
            "auroc": area(asked, unsafe),
            "routed_unsafe": share(asked[unsafe] >= 0),
            "routed_safe": share(asked[~unsafe] >= 0),
        },
    }


def languages(folder: Path) -> dict[str, float]:
    """Say of which share of the texts of each language the screen says nothing, as it should for all but English."""
    told = {"en (truthfulqa)": unseen(folder)["truthfulqa, questions"]} | xcopa(folder)
    return {language: share(~rows_of(heads(), [[text] for text in texts])[1]) for language, texts in told.items()}


if __name__ == "__main__":
    main()
