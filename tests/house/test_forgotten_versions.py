"""What `tuneset forget` finds and deletes: every version that still holds a row, and never the one in use."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.core.errors import PlanError, TunesetError
from pipeline.forget.ask import Answer, Place, Wish, ask, purge
from pipeline.plan import load
from pipeline.publish import Acceptance, accept, find, versions
from tests.house.house import House

SALT = bytes(range(32))
SHOP = "user_id,question,answer\n7,How do I pay?,By card.\n8,Where is it?,On its way.\n7,Too bad,\n"
PLAN = '[expect]\nenabled = false\n[[source]]\npath = "faq.csv"\ncompose = { recipe = "pairs" }\n'


@pytest.fixture
def shop(house: House) -> House:
    house.write(faq_csv=SHOP, dataset_toml=PLAN)
    house.build(stamp="monday")
    return house


def asked(house: House, **wish: tuple[str, ...]) -> Answer:
    place = Place(house.root, None, date(2026, 11, 22), SALT)
    return ask(load(house.root / "dataset.toml"), Wish(**wish), place)


def held(answer: Answer) -> dict[str, tuple[int, int, bool]]:
    return {one.version.name: (len(one.lines), one.rejected, one.version.is_latest) for one in answer.holdings}


def test_the_version_in_use_is_told_with_its_lines_and_its_rejects(shop: House) -> None:
    answer = asked(shop, where=("user_id=7",))

    assert ("faq.csv:2", "faq.csv:4") == answer.names
    assert {"monday": (1, 1, True)} == held(answer)
    assert "How do I pay" in _line(shop, answer.holdings[0].lines[0])


def test_after_the_next_build_only_the_old_version_holds_them(shop: House) -> None:
    asked(shop, where=("user_id=7",))
    shop.build(stamp="tuesday")

    assert {"monday": (1, 1, False), "tuesday": (0, 0, True)} == held(asked(shop))


def test_a_purge_deletes_the_versions_that_hold_and_no_others(shop: House) -> None:
    answer = asked(shop, where=("user_id=7",))
    _renew(shop)
    answer = asked(shop)

    purge(load(shop.root / "dataset.toml"), shop.root, answer.to_purge(doubtful=False))

    assert ["tuesday"] == [one.name for one in versions(shop.root / "data/processed")]
    assert {"tuesday": (0, 0, True)} == held(asked(shop))


def test_the_version_in_use_is_never_deleted(shop: House) -> None:
    answer = asked(shop, where=("user_id=7",))

    with pytest.raises(TunesetError, match="Run `tuneset build`"):
        purge(load(shop.root / "dataset.toml"), shop.root, answer.to_purge(doubtful=True))
    assert len(shop.examples()) == 2


def test_the_accepted_version_is_not_deleted_before_another_is_accepted(shop: House) -> None:
    asked(shop, where=("user_id=7",))
    shop.build(stamp="tuesday")

    with pytest.raises(TunesetError, match="tuneset accept latest"):
        purge(load(shop.root / "dataset.toml"), shop.root, asked(shop).to_purge(doubtful=False))


def test_a_source_that_changed_since_leaves_a_doubt_and_is_searched_by_what_its_lines_say(shop: House) -> None:
    shop.write(faq_csv="user_id,question,answer\n9,New?,Yes.\n7,How do I pay?,By card.\n")

    answer = asked(shop, where=("user_id=7",))

    assert {"monday": (1, 1, True)} == held(answer)
    assert ("faq.csv",) == answer.holdings[0].unsure


def test_rows_that_are_gone_from_the_sources_can_only_be_doubted(shop: House) -> None:
    shop.write(faq_csv="user_id,question,answer\n9,New?,Yes.\n")
    asked(shop, where=("user_id=8",))
    shop.build(stamp="tuesday")

    answer = asked(shop)

    assert {"monday": (0, 0, False), "tuesday": (0, 0, True)} == held(answer)
    assert ["monday"] == [one.version.name for one in answer.to_purge(doubtful=True)]
    assert () == answer.to_purge(doubtful=False)


def test_a_row_is_forgotten_by_its_content_wherever_it_stands_later(shop: House) -> None:
    asked(shop, rows=("faq.csv:3",))
    shop.write(faq_csv="user_id,question,answer\n1,Hi,Hello\n1,Ho,Hello\n8,Where is it?,On its way.\n")
    shop.build(stamp="tuesday")

    assert {"faq.csv:4": "rejected"} == shop.fates()


def test_a_row_is_forgotten_by_the_digest_of_its_example(shop: House) -> None:
    from pipeline.report.whereabouts import why

    (story,) = why(shop.root / "data/processed", name="faq.csv:3")

    assert ("faq.csv:3",) == asked(shop, digests=(str(story.digest),)).names


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"where": ("user_id",)}, "a column and a value"),
        ({"where": ("user_id=",)}, "a column and a value"),
        ({"rows": ("faq.csv:99",)}, "no such row any more"),
        ({"digests": ("xyz",)}, "32 hexadecimal digits"),
        ({"digests": ("ab" * 16,)}, "no such row any more"),
    ],
)
def test_a_wish_that_means_nothing_writes_nothing(shop: House, wish: dict[str, tuple[str, ...]], says: str) -> None:
    with pytest.raises(PlanError, match=says):
        asked(shop, **wish)
    assert not (shop.root / "forget.jsonl").exists()


def test_the_command_tells_asks_and_deletes(shop: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.cli.forget import command

    monkeypatch.chdir(shop.root)
    monkeypatch.delenv("TUNESET_SALT", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(shop.root / "xdg"))
    kept = shop.root / "xdg/tuneset/rows/ab/cd.arrow"
    kept.parent.mkdir(parents=True)
    kept.write_text("How do I pay?")
    run = CliRunner()

    first = run.invoke(command, ["--where", "user_id=7"], standalone_mode=False)
    _renew(shop)
    refused = run.invoke(command, ["--purge"], input="n\n")
    purged = run.invoke(command, ["--purge", "--yes"], standalone_mode=False)

    assert (1, 0) == (first.return_value, purged.return_value)
    assert "monday (latest, accepted): 1 training line (train.jsonl" in first.output
    assert "The hashes are salted" in first.output
    assert refused.exit_code == 1
    assert "Deleted: monday." in purged.output
    assert not kept.exists()


def _renew(house: House) -> None:
    """Build a version without the rows and let it be the one to compare with."""
    house.build(stamp="tuesday")
    folder = house.root / "data/processed"
    accept(find(folder, "latest"), folder=folder, acceptance=Acceptance(by="test", at="now"))


def _line(house: House, place: str) -> str:
    name, _, number = place.rpartition(":")
    return Path(house.root / "data/processed" / name).read_text().splitlines()[int(number) - 1]
