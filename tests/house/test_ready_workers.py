"""Workers that were forked before they were needed: the same rows, run after run, and nobody is left behind."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forked on Linux only")


def told(story: str) -> tuple[list[str], str]:
    """Give the lines that the story prints, read until the last of its processes has ended, and what it complains of."""
    command = [sys.executable, "-W", "error", "-m", "tests.house.forking", story]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.splitlines(), done.stderr


def test_rows_come_back_in_order_and_a_second_run_has_the_same_workers() -> None:
    lines, complaints = told("twice")

    assert ["A B C D E F G H", "A B C D E F G H", "False"] == lines
    assert not complaints


def test_one_of_the_workers_does_what_is_to_be_done_first() -> None:
    lines, complaints = told("first")

    assert sorted(lines) == ["A B C D E F G H", "first"]
    assert not complaints


def test_a_row_that_kills_a_forked_worker_is_held_and_its_neighbours_are_not() -> None:
    lines, _ = told("deadly")

    assert ["A B C D None F G H a.csv:4", "A B C D E F G H"] == lines


def test_work_is_done_beside_where_workers_wait_and_here_where_none_do_or_they_die_of_it() -> None:
    lines, _ = told("beside")

    assert ["True True done here", "A B C D E F G H"] == lines


def test_a_build_forks_its_workers_and_gives_the_same_files_as_one_process() -> None:
    lines, _ = told("building")

    assert ["True False", "True False", "True 6001"] == lines


def test_a_process_with_another_thread_is_not_forked() -> None:
    lines, _ = told("threads")

    assert ["True", "False"] == lines


def test_workers_end_with_a_process_that_is_killed() -> None:
    lines, _ = told("killed")

    assert ["forked"] == lines


def test_an_interrupt_is_left_to_the_process_that_has_forked() -> None:
    lines, complaints = told("interrupted")

    assert ["went on"] == lines
    assert not complaints
