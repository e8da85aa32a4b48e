"""The split: kin stay together, growth moves nobody, the share comes out."""

import hashlib

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.columns import DIGEST
from pipeline.core.settings import SplitSettings
from pipeline.split import split


def facts(kin: list[str], strata: list[str] | None = None) -> pa.Table:
    digests = [hashlib.sha256(name.encode()).digest()[:16] for name in kin]
    return pa.table({"kin": pa.array(digests, DIGEST), "stratum": pa.array(strata or [None] * len(kin), pa.string())})


def sides(table: pa.Table, *, ships: list[bool] | None = None, seed: int = 7, **settings: object) -> list[str | None]:
    mask = np.array(ships if ships is not None else [True] * len(table), dtype=bool)
    return split(table, ships=mask, settings=SplitSettings(**settings), seed=seed).to_pylist()


def test_about_the_asked_share_goes_to_validation() -> None:
    came_out = sides(facts([str(n) for n in range(5_000)]), validation=0.2)

    assert 900 <= came_out.count("validation") <= 1_100


def test_growth_moves_no_old_row() -> None:
    names = [str(n) for n in range(2_000)]

    assert sides(facts(names)) == sides(facts(names + [f"new {n}" for n in range(2_000)]))[:2_000]


def test_too_few_by_hash_are_filled_up_to_the_minimum() -> None:
    came_out = sides(facts([str(n) for n in range(40)]), validation=0.01)

    assert came_out.count("validation") == 10


def test_a_dataset_too_small_for_two_files_is_all_trained_on() -> None:
    assert set(sides(facts([str(n) for n in range(29)]))) == {"train"}
    assert sides(facts([str(n) for n in range(30)])).count("validation") == 10


def test_without_a_minimum_even_a_small_dataset_is_split() -> None:
    assert sides(facts([str(n) for n in range(20)]), validation=0.5, minimum=0).count("validation") > 0


def test_no_validation_is_asked_for() -> None:
    assert set(sides(facts([str(n) for n in range(100)]), validation=0.0)) == {"train"}


def test_rows_that_do_not_ship_have_no_side() -> None:
    came_out = sides(facts(["a", "b", "c"]), ships=[True, False, True])

    assert came_out[1] is None
    assert None not in (came_out[0], came_out[2])


def test_another_seed_gives_another_validation_set() -> None:
    table = facts([str(n) for n in range(500)])

    assert sides(table, seed=1) != sides(table, seed=2)


def test_each_stratum_has_its_share_where_that_is_asked() -> None:
    strata = ["often"] * 900 + ["rare"] * 100
    came_out = sides(facts([str(n) for n in range(1_000)], strata), validation=0.1, stratify="label")

    assert came_out[:900].count("validation") == 90
    assert came_out[900:].count("validation") == 10


@given(st.lists(st.tuples(st.sampled_from("abcdefghij"), st.booleans()), min_size=1, max_size=60), st.randoms())
def test_kin_never_straddle_and_order_does_not_matter(rows: list[tuple[str, bool]], random: object) -> None:
    shuffled = list(enumerate(rows))
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def run(order: list[tuple[int, tuple[str, bool]]]) -> dict[int, str | None]:
        kin, ships = [k for _, (k, _) in order], [s for _, (_, s) in order]
        return dict(zip([i for i, _ in order], sides(facts(kin), ships=ships, validation=0.3, minimum=0), strict=True))

    straight = run(list(enumerate(rows)))
    assert straight == run(shuffled)
    by_kin: dict[str, set[str | None]] = {}
    for i, (kin, ship) in enumerate(rows):
        if ship:
            by_kin.setdefault(kin, set()).add(straight[i])
    assert all(len(found) == 1 for found in by_kin.values())
