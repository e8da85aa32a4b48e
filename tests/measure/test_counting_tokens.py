"""Tokens are tiktoken's, whoever counts them."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.core.errors import PlanError
from pipeline.measure import counter as counting
from pipeline.measure.counter import (
    BETWEEN,
    LIGHT,
    LONG,
    SAMPLE_EVERY,
    SELF_TEST,
    SELF_TEST_COUNTS,
    Fast,
    Oracle,
    counter,
    oracle,
)
from pipeline.measure.few import few
from pipeline.measure.vocabulary import VOCABULARIES, cache_folders, rank_file, ranks, vocabulary

ENCODINGS = tuple(VOCABULARIES)
awkward_text = (
    st.text()
    | st.text(alphabet=" \t\n\r\u00a0a'S1!/é字\u0301<|endoftx>", max_size=60)
    | st.text(alphabet=BETWEEN.decode() + "a \n", max_size=8)
    | st.text(alphabet=LIGHT.decode() + "/.'sA\n", max_size=12)
    | st.sampled_from(["a " * LONG, "\ud800 " * LONG])
)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=80, deadline=None)
@given(texts=st.lists(awkward_text, max_size=8))
@example(texts=["<|endoftext|> and <|im_start|>", "\ud800 lone", "", "\x00"])
@example(texts=[BETWEEN.decode(), "a", f"b{BETWEEN.decode()}{BETWEEN.decode()}"])
@example(texts=["a", f"b{LIGHT.decode()}c", "d"])
@example(texts=["951", "951\r", "\n", "1", "", "/x", "'s", "."])
@example(texts=["a " * LONG, "b", "a " * LONG, "a " * LONG])
def test_the_fast_counter_agrees_with_tiktoken_on_any_text(encoding: str, texts: list[str]) -> None:
    assert counter(encoding).counts(texts).tolist() == oracle(encoding).counts(texts).tolist()


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(awkward_text, max_size=5))
@example(texts=list(SELF_TEST))
@example(texts=["<|endoftext|> and <|im_start|>", "\ud800 lone", "", "\x00"])
def test_few_texts_are_counted_by_the_merges_they_can_use(encoding: str, texts: list[str]) -> None:
    assert few(encoding).counts(texts).tolist() == oracle(encoding).counts(texts).tolist()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_self_test_holds_what_tiktoken_counts(encoding: str) -> None:
    assert tuple(oracle(encoding).counts(SELF_TEST).tolist()) == SELF_TEST_COUNTS[encoding]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_patterns_and_special_tokens_are_those_of_the_installed_tiktoken(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tiktoken_ext.openai_public as public

    with rank_file(encoding, folders=(str(tmp_path),)):
        monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
        theirs = getattr(public, encoding)()

    assert (theirs["pat_str"], theirs["special_tokens"]) == (vocabulary(encoding).pattern, vocabulary(encoding).special)


@pytest.mark.parametrize("letter", [" ", "\n", "a", "\u00a0", "!"], ids=["space", "newline", "letter", "nbsp", "sign"])
def test_a_megabyte_of_one_character_is_counted_by_both(letter: str) -> None:
    text = letter * 1_000_000

    assert counter("o200k_base").counts([text]).tolist() == oracle("o200k_base").counts([text]).tolist()


@pytest.mark.parametrize(
    "around",
    ["{}", "a{}", "{}b", "a{}b", "\n{}b", "!\n\n{}\u0301b", "a {}\n b", "{}\n{}", "1\r\n{}.", "x{}\x1cy", "{} b {}"],
)
@pytest.mark.parametrize("gap", [" ", "\t", "\u00a0 "])
def test_overlong_gaps_are_counted_piece_by_piece_without_error(around: str, gap: str) -> None:
    text = around.replace("{}", gap * 110_000)

    known = len(oracle("o200k_base")._encoding.encode_ordinary(text))  # short enough to be safe

    assert oracle("o200k_base").counts([text]).tolist() == [known]


def test_a_counter_that_errs_once_is_replaced_by_the_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = Fast("cl100k_base", folders=())
    right = fast._fast
    monkeypatch.setattr(fast, "_fast", lambda texts: right(texts) + 1)

    counts = fast.counts(["a word"] * SAMPLE_EVERY)

    assert counts.tolist() == [2] * SAMPLE_EVERY
    assert fast.name.startswith("tiktoken ")


def test_a_process_that_leaves_watching_to_another_counts_without_the_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> Oracle:
        raise AssertionError("asked the oracle")

    fast = Fast("cl100k_base", folders=())
    fast.leave_watching()
    with monkeypatch.context() as patch:
        patch.setattr(counting, "oracle", absent)
        assert fast.counts(["a word"] * 2 * SAMPLE_EVERY).tolist() == [2] * 2 * SAMPLE_EVERY


def test_the_process_that_watches_for_others_asks_the_oracle_so_much_oftener(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    right = oracle("cl100k_base", ()).counts
    monkeypatch.setattr(oracle("cl100k_base", ()), "counts", lambda texts: asked.append(len(texts)) or right(texts))
    fast = Fast("cl100k_base", folders=())
    fast.leave_watching()

    fast.watch(workers=4)
    fast.counts(["a word"] * SAMPLE_EVERY)

    assert asked == [4]


def test_where_gigatoken_is_absent_tiktoken_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object, **__: object) -> None:
        raise ImportError

    monkeypatch.setattr(counting, "Fast", absent)

    assert isinstance(counter.__wrapped__("o200k_base"), Oracle)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_packed_files_are_openais_byte_for_byte(encoding: str) -> None:
    assert hashlib.sha256(ranks(encoding)).hexdigest() == VOCABULARIES[encoding].sha256


def test_a_file_is_unpacked_once_under_tiktokens_name_and_a_damaged_one_is_not_used(tmp_path: Path) -> None:
    known = VOCABULARIES["cl100k_base"]
    with rank_file("cl100k_base", folders=(str(tmp_path / "new"),)) as path:
        assert path == tmp_path / "new" / known.cache_name
    path.write_bytes(b"damaged")

    with rank_file("cl100k_base", folders=(str(tmp_path / "new"),)) as again:
        assert hashlib.sha256(again.read_bytes()).hexdigest() == known.sha256
    assert [file.name for file in (tmp_path / "new").iterdir()] == [known.cache_name]


def test_a_users_own_cache_is_read_and_never_written_to(tmp_path: Path) -> None:
    folders = cache_folders(tmp_path / "ours", theirs=tmp_path / "theirs")
    (tmp_path / "theirs").mkdir()
    broken = tmp_path / "theirs" / VOCABULARIES["cl100k_base"].cache_name
    broken.write_bytes(b"broken")

    with rank_file("cl100k_base", folders=folders) as path:
        assert path.is_relative_to(tmp_path / "ours")
    assert broken.read_bytes() == b"broken"


def test_without_a_folder_that_can_be_written_to_a_temporary_file_serves(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with rank_file("cl100k_base", folders=(str(tmp_path / "file"),)) as path:
        assert path.exists()
    assert not path.exists()


def test_an_unknown_encoding_is_a_mistake_in_the_plan_that_lists_the_known_ones() -> None:
    with pytest.raises(PlanError, match=r"p50k_base.*o200k_base, cl100k_base"):
        counter("p50k_base")


def test_no_texts_have_no_counts() -> None:
    assert np.array_equal(counter("o200k_base").counts([]), [])
