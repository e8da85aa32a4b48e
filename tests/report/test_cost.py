"""The price before it is paid: exact where it is documented, an interval where it is not, silent where nothing is known."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.money import show_range, show_usd
from pipeline.core.settings import CostSettings, ModerationSettings
from pipeline.core.target import Epochs, Limits, Prices, Source, Target
from pipeline.report.cost import Cost, cost
from pipeline.report.effort import moderation_effort, review_effort
from pipeline.report.epochs import cookbook_epochs, passes
from pipeline.report.lengths import Lengths, weigh

TODAY = date(2026, 11, 22)
READ = Source(source="a price page", as_of=date(2025, 12, 1))


def target(*, prices: dict[str, Any] | None = None, max_tokens: int | None = 65_536, **more: Any) -> Target:
    facts = {
        "id": "here/model",
        "platform": "here",
        "model": "model",
        "title": "A model",
        "encoding": "o200k_base",
        "limits": {"sft": Limits(max_tokens=max_tokens)},
        "prices": Prices.model_validate(prices or {}),
        "sources": {"prices": READ},
    }
    return Target.model_validate(facts | more)


def priced(train: Sequence[int], settings: CostSettings | None = None, **facts: Any) -> Cost:
    settings = settings or CostSettings(epochs=3)
    return cost(Lengths.of(train), settings, target(**facts), on=TODAY)


def test_a_hundred_thousand_tokens_for_three_epochs_at_eight_dollars_cost_two_dollars_forty() -> None:
    report = priced([100] * 1_000, prices={"training_usd_per_million_tokens": "8"})

    assert report.chosen.training.low_usd == report.chosen.training.high_usd == Decimal("2.40")
    assert str(report.chosen.training) == "$2.40"


def test_money_is_exact_where_floats_are_not() -> None:
    report = priced([1] * 3, CostSettings(epochs=1), prices={"training_usd_per_million_tokens": "0.1"})

    assert report.chosen.training.low_usd == Decimal("0.0000003")


@pytest.mark.parametrize(
    ("examples", "epochs"),
    [
        pytest.param(1, 25, id="never more than 25"),
        pytest.param(10, 10, id="the fewest a platform takes"),
        (12, 8),
        (20, 5),
        pytest.param(33, 3, id="the last that is raised"),
        pytest.param(34, 3, id="the first that is not"),
        (8_333, 3),
        pytest.param(8_334, 2, id="the first that is lowered"),
        (12_501, 1),
        pytest.param(1_000_000, 1, id="never less than one"),
    ],
)
def test_the_cookbooks_rule_gives_the_epochs_that_its_notebook_gives(examples: int, epochs: int) -> None:
    assert cookbook_epochs(examples) == epochs


def test_automatic_epochs_are_called_an_estimate_and_given_ones_are_not() -> None:
    rule = Epochs(rule="openai-cookbook")

    assert passes("auto", examples=100, rule=rule).is_estimate
    assert passes(3, examples=100, rule=rule).basis == "given"
    assert not passes(3, examples=100, rule=rule).is_estimate


def test_a_platforms_fixed_default_is_taken() -> None:
    assert passes("auto", examples=100, rule=Epochs(rule="fixed", fixed=2))[:2] == (2, 2)


def test_an_unknown_rule_gives_a_range_from_one_epoch() -> None:
    assert passes("auto", examples=20, rule=Epochs())[:2] == (1, 5)


def test_what_is_not_documented_is_said_to_be_and_is_never_zero() -> None:
    report = priced([100] * 20)

    assert report.chosen.training.low_usd is None
    assert str(report.chosen.training) == "not documented"
    assert report.chosen.rate is None
    assert "price not documented" in report.chosen.sentence
    assert "$0" not in report.chosen.sentence


def test_a_price_without_a_source_is_not_used() -> None:
    report = priced([100] * 20, prices={"training_usd_per_million_tokens": "8"}, sources={})

    assert report.chosen.rate is None


def test_a_price_in_the_plan_wins_and_is_called_yours() -> None:
    settings = CostSettings(epochs=1, training_usd_per_million_tokens=0.1)
    report = priced([1_000_000], settings, prices={"training_usd_per_million_tokens": "8"}, max_tokens=None)

    assert report.chosen.training.low_usd == Decimal("0.1")
    assert report.chosen.rate is not None
    assert report.chosen.rate.source == "your price"
    assert "your price" in report.chosen.sentence


def test_the_plans_price_is_not_that_of_the_targets_it_is_compared_with() -> None:
    other = target(id="there/model", prices={"training_usd_per_million_tokens": "2"}, max_tokens=None)
    settings = CostSettings(epochs=1, training_usd_per_million_tokens=9.0)
    report = cost(Lengths.of([1_000_000]), settings, target(max_tokens=None), on=TODAY, compare=[other])

    assert report.chosen.training.low_usd == Decimal(9)
    assert [entry.training.low_usd for entry in report.compared] == [Decimal(2)]


def test_a_free_price_of_zero_is_a_price() -> None:
    report = priced([100], prices={"training_usd_per_million_tokens": "0"})

    assert str(report.chosen.training) == "$0.00"


def test_the_report_names_the_day_of_the_price_and_its_source() -> None:
    report = priced([100], prices={"training_usd_per_million_tokens": "8"})

    assert report.chosen.rate is not None
    assert report.chosen.rate.as_of == READ.as_of
    assert report.chosen.rate.source == READ.source
    assert "as of 2025-12-01" in report.chosen.sentence


def test_preference_pairs_have_their_own_price_where_there_is_one() -> None:
    prices = {"training_usd_per_million_tokens": "1", "dpo_training_usd_per_million_tokens": "2"}
    both = target(prices=prices, limits={"dpo": Limits(method="dpo", max_tokens=None)}, methods=("dpo",))
    report = cost(Lengths.of([1_000_000]), CostSettings(epochs=1), both, on=TODAY, method="dpo")

    assert report.chosen.training.low_usd == Decimal(2)


def test_a_class_of_models_with_several_prices_gives_an_interval() -> None:
    prices = {"training_usd_per_million_tokens": "2.03", "highest_training_usd_per_million_tokens": "7"}
    report = priced([1_000_000], CostSettings(epochs=1), prices=prices, max_tokens=None)

    assert str(report.chosen.training) == "$2.03 to $7.00"


def test_what_is_over_the_window_is_cut_and_not_billed() -> None:
    prices = {"training_usd_per_million_tokens": "1"}
    report = priced([150, 100, 50], CostSettings(epochs=1), prices=prices, max_tokens=100)

    assert (report.chosen.tokens, report.chosen.cut_tokens, report.chosen.cut_examples) == (250, 50, 1)


def test_each_target_cuts_at_its_own_window() -> None:
    narrow = target(id="there/narrow", max_tokens=10)
    report = cost(Lengths.of([15, 5]), CostSettings(), target(max_tokens=None), on=TODAY, compare=[narrow])

    assert (report.chosen.cut_tokens, report.compared[0].cut_tokens) == (0, 5)


def test_duplicates_show_what_leaving_them_out_saves() -> None:
    lengths = Lengths.of([100] * 10, duplicate=[1_000_000])
    one = target(prices={"training_usd_per_million_tokens": "8"}, max_tokens=None)
    report = cost(lengths, CostSettings(epochs=3), one, on=TODAY)

    assert report.duplicate_examples == 1
    assert report.chosen.wasted_tokens == 1_000_000
    assert report.chosen.wasted.low_usd == Decimal(24)


@pytest.mark.parametrize(
    ("bills", "expected"),
    [
        pytest.param(False, "$0.00", id="OpenAI does not charge for it"),
        pytest.param(True, "$0.00 to $24.00", id="Together charges each evaluation"),
        pytest.param(None, "not documented", id="unknown is not free"),
    ],
)
def test_validation_is_free_billed_or_unknown(*, bills: bool | None, expected: str) -> None:
    lengths = Lengths.of([100] * 10, validation=[1_000_000])
    prices = {"training_usd_per_million_tokens": "8", "bills_validation": bills}
    report = cost(lengths, CostSettings(epochs=3), target(prices=prices, max_tokens=None), on=TODAY)

    assert str(report.chosen.validation) == expected


def test_a_documented_minimum_raises_both_ends() -> None:
    report = priced([100] * 10, prices={"training_usd_per_million_tokens": "1", "minimum_usd_per_job": "4"})

    assert str(report.chosen.training) == "$4.00"


def test_a_reported_minimum_raises_the_upper_end_alone() -> None:
    heard = READ.model_copy(update={"certainty": "reported"})
    prices = {"training_usd_per_million_tokens": "1", "minimum_usd_per_job": "4", "highest_minimum_usd_per_job": "22"}
    report = priced([1_000_000], CostSettings(epochs=1), prices=prices, sources={"prices": heard}, max_tokens=None)

    assert str(report.chosen.training) == "$1.00 to $22.00"


def test_a_job_paid_by_the_hour_has_no_price_by_token() -> None:
    report = priced([100], prices={"training_usd_per_hour": "100"})

    assert report.chosen.training.low_usd is None
    assert "$100.00 an hour" in report.chosen.sentence


def test_training_on_ones_own_machine_is_not_called_undocumented() -> None:
    report = priced([100], prices={"is_own_hardware": True})

    assert "your own hardware" in report.chosen.sentence
    assert "not documented" not in report.chosen.sentence


def test_a_closing_target_is_said_to_be_closing_on_the_day_handed_in() -> None:
    ending = {"last_day_for_new_jobs": date(2027, 1, 5), "shutdown": date(2027, 1, 14)}
    before = cost(Lengths.of([1]), CostSettings(), target(**ending), on=TODAY).chosen
    after = cost(Lengths.of([1]), CostSettings(), target(**ending), on=date(2027, 1, 6)).chosen
    gone = cost(Lengths.of([1]), CostSettings(), target(**ending), on=date(2027, 1, 14)).chosen

    assert (before.state, before.days_left, before.can_train) == ("closing", 44, True)
    assert (after.state, after.days_left, after.can_train) == ("closed", None, False)
    assert (gone.state, gone.can_train) == ("shut down", False)


def test_a_method_that_the_target_lacks_cannot_be_trained_and_is_said() -> None:
    report = cost(Lengths.of([1]), CostSettings(), target(), on=TODAY, method="dpo")

    assert not report.chosen.can_train
    assert "It does not train by dpo." in report.chosen.notes


def test_nothing_kept_costs_nothing_and_breaks_nothing() -> None:
    report = priced([], CostSettings(), prices={"training_usd_per_million_tokens": "8"})

    assert report.chosen.tokens == 0
    assert str(report.chosen.training) == "$0.00"


def test_the_report_survives_json() -> None:
    report = priced([100] * 20, prices={"training_usd_per_million_tokens": "8.10"})

    assert Cost.model_validate_json(report.model_dump_json()) == report
    assert '"low_usd":"8.10"' in report.model_dump_json()


def test_efforts_are_handed_through() -> None:
    review = review_effort(100, seconds_each=36, usd_per_hour=Decimal(30))
    report = cost(Lengths.of([1]), CostSettings(), target(), on=TODAY, review=review)

    assert report.review is not None
    assert (report.review.seconds, report.review.usd) == (3_600, Decimal(30))
    assert report.moderation is None


def test_a_review_without_an_hourly_rate_has_a_time_and_no_price() -> None:
    assert review_effort(10, seconds_each=6, usd_per_hour=None).usd is None


@pytest.mark.parametrize(
    ("texts", "tokens", "minutes"),
    [
        pytest.param(10, 1_000_000, 100, id="tokens decide: a million takes 100 minutes at tier 1"),
        pytest.param(1_000, 10, 2, id="requests decide"),
    ],
)
def test_moderation_takes_as_long_as_the_narrower_limit(texts: int, tokens: int, minutes: float) -> None:
    assert moderation_effort(texts, tokens, ModerationSettings()).seconds == minutes * 60


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "not documented"),
        (Decimal(0), "$0.00"),
        (Decimal("0.0024"), "under $0.01"),
        (Decimal("2.4"), "$2.40"),
        pytest.param(Decimal("2.405"), "$2.41", id="half a cent rounds up"),
        (Decimal(1_234_567), "$1,234,567.00"),
    ],
)
def test_amounts_are_written_for_people(amount: Decimal | None, text: str) -> None:
    assert show_usd(amount) == text


def test_an_interval_whose_ends_read_the_same_is_one_amount() -> None:
    assert show_range(Decimal("1.001"), Decimal("1.002")) == "$1.00"
    assert show_range(None, Decimal(1)) == "not documented"


lengths_of_a_file = st.lists(st.integers(0, 100_000), max_size=3_000)
windows = st.none() | st.integers(1, 100_000)


@given(lengths_of_a_file, windows)
def test_what_is_trained_and_what_is_cut_is_everything(lengths: list[int], window: int | None) -> None:
    weight = weigh(Lengths.of(lengths).train, window=window)

    assert weight.tokens + weight.cut_tokens == sum(lengths)
    assert weight.cut_examples == sum(length > (window or 10**9) for length in lengths)


@given(lengths_of_a_file, windows)
def test_padding_never_makes_a_file_lighter_nor_longer_than_its_longest(lengths: list[int], window: int | None) -> None:
    weight = weigh(Lengths.of(lengths).train, window=window)

    assert weight.tokens <= weight.padded <= max(lengths, default=0) * len(lengths)


@given(st.lists(st.integers(0, 100_000), max_size=900), windows)
def test_a_small_file_has_batches_of_one_and_is_not_padded(lengths: list[int], window: int | None) -> None:
    weight = weigh(Lengths.of(lengths).train, window=window)

    assert weight.padded == weight.tokens


def test_padding_follows_the_batches_of_the_file() -> None:
    two_a_batch = [1, 9] + [5] * 998

    assert weigh(Lengths.of(two_a_batch).train, window=None).padded == 18 + 5 * 998


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=50), st.integers(1, 50), st.decimals(0, 100, places=2))
def test_the_price_is_the_product_and_its_ends_are_in_order(lengths: list[int], epochs: int, price: Decimal) -> None:
    report = priced(lengths, CostSettings(epochs=epochs), prices={"training_usd_per_million_tokens": price})
    low, high = report.chosen.training.low_usd, report.chosen.training.high_usd

    assert low is not None
    assert high is not None
    assert low * 1_000_000 == sum(lengths) * epochs * price
    assert low <= high
