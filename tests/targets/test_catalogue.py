"""Targets are data: one file each, every fact with its source, found by many names, and never guessed."""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import PlanError
from pipeline.core.lifetime import status
from pipeline.targets import all_formats, all_targets, base_model, encoding, limits_of, load, targets_table
from pipeline.targets.catalogue import HOME, SHARED, facts_of

TODAY = date(2026, 11, 22)
TARGETS = all_targets()
NO_FACT = ("title", "formats", "notes", "aliases", "pages", "sources")
"""Words of ours, which no page can prove."""

ONE_FILE = """
title = "A new model"
encoding = "o200k_base"
methods = ["sft"]

[limits.sft]
roles = ["user", "assistant"]
max_tokens = 1_000

[prices]
training_usd_per_million_tokens = 0.1

[pages]
docs = { source = "docs.example.org/tuning", as_of = 2026-11-22 }

[sources]
encoding = "docs"
methods = "docs"
limits = "docs"
prices = "docs"
"""


def facts(place: dict[str, Any], way: str = "") -> Iterator[str]:
    for key, value in place.items():
        name = f"{way}.{key}" if way else key
        if name in NO_FACT or key == "severities":
            continue
        if isinstance(value, dict):
            yield from facts(value, name)
        else:
            yield name


def files() -> list[Path]:
    return sorted(path for path in HOME.glob("*/*.toml") if path.name != SHARED)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_fact_given_has_a_source_with_a_day_and_a_certainty(path: Path) -> None:
    target = TARGETS[f"{path.parent.name}/{path.name.removesuffix('.toml')}"]
    unproven = [fact for fact in facts(facts_of(path)) if target.source_of(fact) is None]

    assert unproven == []


@pytest.mark.parametrize("path", sorted(HOME.glob("*/*.toml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_page_is_named_and_every_source_that_is_named_is_a_page(path: Path) -> None:
    known = facts_of(path) if path.name != SHARED else tomllib.loads(path.read_text(encoding="utf-8"))
    pages = known.get("pages", {})
    named = [page for page in known.get("sources", {}).values() if isinstance(page, str)]

    assert [page for page in named if page not in pages] == []


def test_the_targets_that_people_ask_for_are_there() -> None:
    wanted = {
        "openai": {"gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-4o", "gpt-4o-mini", "gpt-3.5-turbo"},
        "azure": {"gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-4o", "gpt-4o-mini", "gpt-oss-20b"},
        "vertex": {"gemini-2.5-flash", "gemini-2.5-pro", "gemini-3.5-flash"},
        "bedrock": {"nova-lite", "prompt-completion"},
    }
    known = {platform: {t.model for t in TARGETS.values() if t.platform == platform} for platform in wanted}

    assert all(models <= known[platform] for platform, models in wanted.items())
    platforms = {target.platform for target in TARGETS.values()}
    assert platforms >= {"together", "fireworks", "mistral", "trl", "axolotl", "llama-factory", "unsloth", "portable"}


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_a_target_has_limits_for_its_methods_and_formats_that_exist(target: Any) -> None:
    assert set(target.limits) == set(target.methods)
    assert set(target.formats) <= set(all_formats())
    assert all(limits.target == target.id for limits in target.limits.values())
    assert any(method in all_formats()[name].holds for name in target.formats for method in target.methods)


def test_what_a_file_does_not_say_is_unknown_and_not_the_portable_default(tmp_path: Path) -> None:
    written(tmp_path, "bare/model.toml", 'title = "Bare"\n[limits.sft]\nroles = ["user", "assistant"]\n')
    limits = load("bare/model", tmp_path).limits["sft"]

    assert limits.max_tokens is limits.min_examples is limits.weight is limits.tools is limits.top_keys is None
    assert limits.max_images is limits.last_role is None
    assert load("bare/model", tmp_path).prices.training_usd_per_million_tokens is None


def test_one_new_file_adds_a_target(tmp_path: Path) -> None:
    written(tmp_path, "newcomer/model-1.toml", ONE_FILE)
    target = load("newcomer/model-1", tmp_path)

    assert (target.id, target.platform, target.model) == ("newcomer/model-1", "newcomer", "model-1")
    assert str(target.prices.training_usd_per_million_tokens) == "0.1"
    assert target.id in [row.id for row in targets_table(TODAY, all_targets(tmp_path).values())]
    assert set(all_targets(tmp_path)) == {*TARGETS, target.id}


def test_a_platforms_shared_facts_hold_until_a_model_overrides_or_takes_them_back(tmp_path: Path) -> None:
    written(tmp_path, f"p/{SHARED}", ONE_FILE.replace('title = "A new model"', ""))
    written(tmp_path, "p/same.toml", 'title = "Same"')
    written(tmp_path, "p/other.toml", 'title = "Other"\n[limits.sft]\nmax_tokens = 5')
    written(tmp_path, "p/unknown.toml", 'title = "Unknown"\nunknown = ["limits.sft.max_tokens"]')
    windows = {name: load(f"p/{name}", tmp_path).limits["sft"].max_tokens for name in ("same", "other", "unknown")}

    assert windows == {"same": 1_000, "other": 5, "unknown": None}
    assert SHARED.removesuffix(".toml") not in {target.model for target in all_targets(tmp_path).values()}


def test_limits_of_all_methods_are_overridden_by_those_of_one(tmp_path: Path) -> None:
    text = 'title = "T"\nmethods = ["sft", "dpo"]\n[limits.all]\nroles = ["user"]\nmax_tokens = 1\n[limits.dpo]\nmax_tokens = 2'
    written(tmp_path, "all/one.toml", text)
    limits = load("all/one", tmp_path).limits

    assert (limits["sft"].max_tokens, limits["dpo"].max_tokens) == (1, 2)
    assert (limits["sft"].method, limits["dpo"].method) == ("sft", "dpo")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('title = "T', "not TOML", id="not TOML"),
        pytest.param('title = "T"\n[limits.sft]\nmax_token = 5', "limits.sft.max_token", id="a misspelt field"),
        pytest.param('title = "T"\nshutdown = "soon"', "shutdown", id="a date that is none"),
        pytest.param('title = "T"\nunknown = ["limits.sft.roles"]', "unknown", id="taking back what was not given"),
    ],
)
def test_a_bad_file_is_named_with_its_field(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, "bad/model.toml", text)

    with pytest.raises(PlanError, match=said) as caught:
        all_targets(tmp_path)
    assert str(path) in str(caught.value)


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="not a folder"):
        all_targets(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("openai/gpt-4.1-mini", "openai/gpt-4.1-mini", id="an id"),
        pytest.param("openai/gpt-4.1-mini-2025-04-14", "openai/gpt-4.1-mini", id="a snapshot"),
        pytest.param("ft:gpt-4.1-mini-2025-04-14:org::x", "openai/gpt-4.1-mini", id="a tuned model"),
        pytest.param("openai/ft:gpt-4o-2024-08-06:org:name:id", "openai/gpt-4o", id="a tuned model with its platform"),
        pytest.param("ft:gpt-3.5-turbo-0125:o::i:ckpt-step-90", "openai/gpt-3.5-turbo", id="a checkpoint"),
        pytest.param(
            "azure/gpt-4o-mini-2024-07-18.ft-0e208cf33a6a466994aff31a08aba678", "azure/gpt-4o-mini", id="Azure's"
        ),
        pytest.param("gpt-3.5-turbo-0125", "openai/gpt-3.5-turbo", id="a name that one platform has"),
        pytest.param("trl", "trl/open-model", id="a platform with one target"),
    ],
)
def test_a_target_is_found_by_any_name_that_means_only_one(name: str, expected: str) -> None:
    assert load(name).id == expected


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("opnai/gpt-4.1-mini", "Did you mean `openai/gpt-4.1-mini`?", id="a misspelt platform"),
        pytest.param("gpt-4.1-minni", "Did you mean `gpt-4.1-mini`?", id="a misspelt model"),
        pytest.param("gpt-4.1", "`azure/gpt-4.1` or `openai/gpt-4.1`", id="two platforms have it"),
        pytest.param("zzz", "`tuneset targets` lists them.", id="nothing near"),
    ],
)
def test_a_name_that_means_none_or_several_is_answered_with_the_nearest(name: str, said: str) -> None:
    with pytest.raises(PlanError) as caught:
        load(name)
    assert said in str(caught.value)


def test_a_method_that_a_target_lacks_is_answered_with_those_it_has() -> None:
    with pytest.raises(PlanError, match=r"does not train by rft\. It does by sft, dpo"):
        limits_of(load("openai/gpt-4.1"), "rft")
    assert limits_of(load("openai/gpt-4.1"), "dpo").method == "dpo"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("ft:gpt-4.1-2025-04-14:org::x", "o200k_base", id="tiktoken's own table says cl100k_base"),
        pytest.param("ft:gpt-4o-mini-2024-07-18:org::x", "o200k_base", id="4o"),
        pytest.param("ft:gpt-3.5-turbo-0125:org::x", "cl100k_base", id="3.5"),
        pytest.param("azure/gpt-oss-20b", "o200k_base", id="harmony has the same ranks"),
    ],
)
def test_tokens_are_counted_in_the_base_models_encoding(name: str, expected: str) -> None:
    assert encoding(load(name)) == (expected, True)


def test_another_tokenizer_makes_counts_an_estimate() -> None:
    assert encoding(load("trl")) == ("o200k_base", False)
    assert all(target.notes for target in TARGETS.values() if target.encoding is None and target.platform == "vertex")


def test_a_base_models_name_is_itself() -> None:
    assert base_model("gpt-4.1-mini") == "gpt-4.1-mini"


@pytest.mark.parametrize(
    ("name", "on", "state", "said"),
    [
        ("openai/gpt-4.1", date(2026, 1, 1), "open", "until 2027-01-05"),
        ("openai/gpt-4.1", TODAY, "closing", "44 days"),
        ("openai/gpt-4.1", date(2027, 1, 5), "closing", "0 days"),
        ("openai/gpt-4.1", date(2027, 1, 6), "closed", "closed to new jobs since 2027-01-06"),
        ("openai/gpt-4.1", date(2027, 1, 14), "shut down", "shut down on 2027-01-14"),
        ("openai/gpt-3.5-turbo", TODAY, "shut down", "2026-10-23"),
        ("openai/gpt-4.1-nano", TODAY, "shut down", "2026-10-23"),
        ("openai/gpt-3.5-turbo", date(2026, 10, 1), "closing", "21 days"),
        ("azure/gpt-4.1", TODAY, "open", "at least until 2027-04-13"),
        ("azure/gpt-4.1", date(2028, 1, 1), "closing", "no earlier than"),
        ("vertex/gemini-2.5-flash", TODAY, "open", "open"),
    ],
)
def test_a_target_is_open_closing_closed_or_shut_down_on_the_day_asked(
    name: str, on: date, state: str, said: str
) -> None:
    life = status(load(name), on)

    assert life.state == state
    assert said in life.sentence
    assert life.can_train == (state in ("open", "closing"))


def test_those_who_never_tuned_there_are_told() -> None:
    assert "not for organisations new to it" in status(load("openai/gpt-4.1"), TODAY).sentence
    assert "new to it" not in status(load("openai/gpt-4.1"), date(2026, 5, 6)).sentence


def test_the_list_says_what_a_price_is_or_that_it_is_not_documented() -> None:
    prices = {row.id: row.price for row in targets_table(TODAY)}

    assert prices["openai/gpt-3.5-turbo"] == "$8.00 per million tokens"
    assert prices["together/70b-and-more"] == "$2.03 to $7.00 per million tokens"
    assert prices["openai/o4-mini"] == "$100.00 an hour"
    assert prices["azure/gpt-4.1"] == "not documented"
    assert prices["trl/open-model"] == "your own hardware"


def test_the_list_dates_prices_and_nothing_else() -> None:
    dated = {row.id: row.price_as_of for row in targets_table(TODAY)}

    assert dated["openai/gpt-4.1"] == date(2025, 12, 1)
    assert dated["azure/gpt-4.1"] is None
