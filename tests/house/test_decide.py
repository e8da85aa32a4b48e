"""The four fates: every row has one, and a flawed row never speaks for its group."""

import numpy as np
import pyarrow as pa

from pipeline.core.columns import FINDING
from pipeline.decide import decide, judge

ERROR = {"code": "roles.order", "severity": 3, "where": "", "message": "x"}
WARNING = {"code": "content.blank", "severity": 2, "where": "", "message": "x"}
LOST = {"code": "run.worker-lost", "severity": 3, "where": "", "message": "x"}
HELD = {"code": "moderation.held", "severity": 3, "where": "", "message": "x"}


def table(findings: list[list[dict[str, object]]], troubles: list[str | None] | None = None) -> pa.Table:
    return pa.table(
        {
            "findings": pa.array(findings, pa.list_(FINDING)),
            "trouble": pa.array(troubles or [None] * len(findings), pa.string()),
        }
    )


def fates(facts: pa.Table, spokesman: list[int], *, keep_all: bool = False) -> list[str]:
    names = pa.chunked_array([[f"a.csv:{n}" for n in range(len(facts))]])
    decided = decide(judge(facts), spokesman=np.array(spokesman), names=names, keep_all=keep_all)
    return decided["fate"].to_pylist()


def test_a_sound_row_is_kept_and_a_warning_does_not_stop_it() -> None:
    assert ["kept", "kept"] == fates(table([[], [WARNING]]), [0, 1])


def test_an_error_or_a_trouble_rejects() -> None:
    assert ["rejected", "rejected"] == fates(table([[WARNING, ERROR], []], [None, "read.ragged x"]), [-1, -1])


def test_a_row_whose_check_could_not_answer_is_held_and_not_rejected() -> None:
    assert ["held", "held"] == fates(table([[HELD], [LOST]], [None, "run.worker-lost x"]), [-1, -1])


def test_a_held_row_with_an_error_besides_is_rejected() -> None:
    assert ["rejected"] == fates(table([[HELD, ERROR]]), [-1])


def test_a_flag_holds_only_where_the_plan_says_so() -> None:
    facts = table([[WARNING]])

    assert judge(facts).sound.tolist() == [True]
    assert judge(facts, held_codes=[str(WARNING["code"])]).held.tolist() == [True]


def test_a_duplicate_names_its_twin() -> None:
    names = pa.chunked_array([["a.csv:2", "a.csv:3"]])
    decided = decide(judge(table([[], []])), spokesman=np.array([0, 0]), names=names, keep_all=False)

    assert ["kept", "duplicate"] == decided["fate"].to_pylist()
    assert [None, "a.csv:2"] == decided["twin"].to_pylist()


def test_duplicates_ship_where_the_plan_says_so() -> None:
    assert ["kept", "kept"] == fates(table([[], []]), [0, 0], keep_all=True)


def test_a_flawed_row_stays_rejected_whatever_its_twin() -> None:
    assert ["kept", "rejected"] == fates(table([[], [ERROR]]), [0, 0])


def test_a_sliced_table_is_judged_by_its_own_rows() -> None:
    facts = pa.concat_tables([table([[ERROR]]), table([[]]), table([[ERROR]])])

    assert [False, True, False] == judge(facts).sound.tolist()
