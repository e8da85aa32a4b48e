"""Drift: chance and ordinary growth are within bounds, another dataset is not."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.settings import DriftSettings
from pipeline.report.bounds import Pair, categories, figures, is_comparable
from pipeline.report.drift import DRIFT, Figure, told
from pipeline.report.expectations import Gate, drifted
from pipeline.report.model import Fates, Report, SourceFacts
from pipeline.report.portrait import SHARES, Portrait, Quantiles
from pipeline.report.suite import drift_suite, load_suite
from pipeline.report.summary import summarise
from tests.report.stories import about, table

EMPTY = summarise(table(), about=about())
LABELS = ("billing", "delivery", "returns", "account", "other", "fraud")
Rows = dict[str, Any]


def population(seed: int, size: int) -> Rows:
    """Give rows of one kind: lengths with a long tail, uneven labels, three languages, some rejects."""
    random = np.random.default_rng(seed)
    return {
        "tokens": random.lognormal(4.5, 0.8, size).astype(int) + 8,
        "answer": random.lognormal(3.5, 1.0, size).astype(int) + 1,
        "label": random.choice(LABELS, size, p=(0.45, 0.3, 0.15, 0.06, 0.03, 0.01)),
        "language": random.choice(("en", "de", "fr"), size, p=(0.8, 0.15, 0.05)),
        "source": random.choice(("faq", "chats"), size, p=(0.7, 0.3)),
        "rejected": random.random(size) < 0.07,
    }


def some(rows: Rows, which: Any) -> Rows:
    return {name: values[which] for name, values in rows.items()}


def report(rows: Rows, **changes: Any) -> Report:
    kept = some(rows, ~rows["rejected"])
    sources = Counter(kept["source"].tolist())
    quantiles = Quantiles(
        tokens=tuple(np.quantile(kept["tokens"], SHARES)),
        prompt_tokens=tuple(np.quantile(kept["tokens"] / 2, SHARES)),
        answer_tokens=tuple(np.quantile(kept["answer"], SHARES)),
    )
    portrait = Portrait(
        examples=len(kept["tokens"]),
        quantiles=quantiles,
        short_answers=int((kept["answer"] < 3).sum()),
        labels=dict(Counter(kept["label"].tolist())),
        labels_are="the label column",
        languages=dict(Counter(kept["language"][:2_000].tolist())),
    )
    fates = Fates(kept=len(kept["tokens"]), rejected=int(rows["rejected"].sum()))
    return EMPTY.with_(
        rows_read=fates.total,
        fates=fates,
        portrait=portrait,
        sources=tuple(
            SourceFacts(name=name, files=1, bytes=1, sha256="", rows=count, fates=Fates(kept=count))
            for name, count in sorted(sources.items())
        ),
        **changes,
    )


def beyond(old: Report, new: Report, **changes: Any) -> dict[str, Figure]:
    """Give the figures out of their bounds by column."""
    found = figures(Pair(old, new, DriftSettings(**changes)))
    return {f.column: f for f in found if (f.least is not None and f.new < f.least) or f.new > (f.most or 0)}


@settings(max_examples=60, derandomize=True)
@given(seed=st.integers(0, 10**9), size=st.integers(60, 6_000), growth=st.floats(0.05, 0.2))
def test_ordinary_growth_is_within_bounds(seed: int, size: int, growth: float) -> None:
    everything = population(seed, round(size * (1 + growth)))

    assert beyond(report(some(everything, slice(size))), report(everything)) == {}


@settings(max_examples=60, derandomize=True)
@given(seed=st.integers(0, 10**9), size=st.integers(100, 6_000), share=st.floats(0.85, 1.0))
def test_random_parts_of_one_dataset_are_within_bounds_of_each_other(seed: int, size: int, share: float) -> None:
    random = np.random.default_rng(seed)
    everything = population(seed, size)
    part = random.random(size) < share

    assert beyond(report(everything), report(some(everything, part))) == {}


DRIFTED = {
    "doubled length": (lambda rows: rows | {"tokens": rows["tokens"] * 2}, {"tokens_median"}),
    "doubled answers": (lambda rows: rows | {"answer": rows["answer"] * 2}, {"answer_tokens_median"}),
    "a new label": (
        lambda rows: rows | {"label": np.where(np.arange(len(rows["label"])) % 50 == 0, "spam", rows["label"])},
        {"labels_beyond"},
    ),
    "a label that is gone": (
        lambda rows: rows | {"label": np.where(rows["label"] == "account", "other", rows["label"])},
        {"labels_beyond"},
    ),
    "a third of the answers missing": (
        lambda rows: rows | {"rejected": rows["rejected"] | (np.arange(len(rows["label"])) % 3 == 0)},
        {"share_rejected"},
    ),
    "a third of the answers cut to nothing": (
        lambda rows: rows | {"answer": np.where(np.arange(len(rows["label"])) % 3 == 0, 1, rows["answer"])},
        {"share_short"},
    ),
    "another language": (
        lambda rows: rows | {"language": np.where(np.arange(len(rows["label"])) % 4 == 0, "pl", rows["language"])},
        {"languages_beyond"},
    ),
    "another mixture of sources": (
        lambda rows: some(rows, (rows["source"] == "faq") | (np.arange(len(rows["label"])) % 6 == 0)),
        {"sources_beyond"},
    ),
    "half of the rows": (lambda rows: some(rows, slice(len(rows["label"]) // 2)), {"kept"}),
    "three times the rows": (
        lambda rows: {name: np.concatenate([values] * 3) for name, values in rows.items()},
        {"kept"},
    ),
}


@pytest.mark.parametrize("size", [1_500, 20_000])
@pytest.mark.parametrize("story", DRIFTED)
def test_another_dataset_is_out_of_bounds(story: str, size: int) -> None:
    change, columns = DRIFTED[story]
    rows = population(3, size)

    assert columns <= set(beyond(report(rows), report(change(population(4, size)))))


def test_a_bound_that_is_wide_open_lets_the_same_change_pass() -> None:
    rows = population(3, 1_500)
    longer = rows | {"tokens": rows["tokens"] * 2, "answer": rows["answer"] * 2}

    assert beyond(report(rows), report(longer)) != {}
    assert beyond(report(rows), report(longer), tokens=1.5) == {}


def test_a_rare_label_that_turns_up_is_chance_where_rare_labels_are_ordinary() -> None:
    """Of a thousand rows fifty have a label of their own: of the next hundred some five will have one, too."""
    labels = np.array(["common"] * 950 + [f"rare {n}" for n in range(50)])
    rows = population(3, 1_000) | {"label": labels, "rejected": np.zeros(1_000, dtype=bool)}
    grown = {name: np.concatenate([values, values[:100]]) for name, values in rows.items()}
    grown["label"] = np.concatenate([labels, ["common"] * 96, [f"never seen {n}" for n in range(4)]])

    assert beyond(report(rows), report(grown)) == {}


def test_labels_that_become_free_text_are_out_of_bounds() -> None:
    old, new = report(population(3, 1_500)), report(population(4, 1_500))
    free = new.with_(portrait=new.portrait.model_copy(update={"labels": None})) if new.portrait else new

    assert {"labels_beyond"} == set(beyond(old, free))


def test_tokens_of_another_encoding_are_not_compared() -> None:
    old, new = report(population(3, 500)), report(population(4, 500))
    other = new.with_(target=new.target.model_copy(update={"encoding": "cl100k_base"}))

    assert not [f for f in figures(Pair(old, other, DriftSettings())) if "tokens" in f.column]


def test_a_report_of_an_older_tuneset_is_no_yardstick() -> None:
    assert not is_comparable(EMPTY)
    assert is_comparable(report(population(3, 100)))


def test_a_sentence_says_what_was_found_what_was_there_and_what_is_expected() -> None:
    old, new = population(3, 1_500), population(4, 1_500)
    pair = Pair(report(old), report(DRIFTED["a new label"][0](new | {"tokens": new["tokens"] * 2})), DriftSettings())
    found = categories(pair)
    sentences = {f.column: told(f, found).sentence for f in figures(pair)}

    assert sentences["labels_beyond"] == "Labels out of bounds: 1 (`spam` is new, 1.9%)."
    assert sentences["languages_beyond"] == "Languages out of bounds: none."
    assert sentences["tokens_median"].startswith("Median tokens: ")
    assert " times the " in sentences["tokens_median"]
    assert "; expected " in sentences["tokens_median"]
    assert set(sentences) <= set(DRIFT)


def test_great_expectations_judges_the_figures() -> None:
    rows = population(3, 1_500)
    new = report(rows | {"tokens": rows["tokens"] * 2})
    pair = Pair(report(rows), new, DriftSettings())
    held_against = figures(pair)

    with Gate(load_suite(drift_suite())) as gate:
        judged = gate.judge(table(), report=new, parameters={}, figures=held_against)
    said = {f.column: (f.passed, f.severity) for f in drifted(judged, held_against, categories(pair))}

    assert said["kept"] == (True, "error")
    assert said["rows_read"] == (True, "warning")
    assert said["tokens_median"] == (False, "error")
    assert said["prompt_tokens_p95"] == (None, "error")
