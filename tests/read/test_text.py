"""Text taken apart, each piece with its title and its line."""

import pytest

from pipeline.read import find, notes
from tests.read.conftest import Desk

BOOK = """The Project Gutenberg EBook of Two Tales

Title: Two Tales

*** START OF THIS PROJECT GUTENBERG EBOOK TWO TALES ***

Produced by a volunteer
and another

TWO TALES

   I. One
  II. Two

ADVENTURE I. THE FIRST

I.

It began.

VII. THE SECOND

It ended.

*** END OF THIS PROJECT GUTENBERG EBOOK TWO TALES ***
Licence
"""


def test_a_file_is_one_record_with_its_path(desk: Desk) -> None:
    assert [{"text": "One\r\nTwo".replace("\r", ""), "path": "a.txt"}] == desk.read("a.txt", "\n\nOne\r\nTwo\n\n")
    assert ["a.txt:3"] == desk.names("a.txt", "\n\nOne\r\nTwo\n\n")


def test_a_heading_at_the_top_of_markdown_titles_the_file(desk: Desk) -> None:
    (record,) = desk.read("a.md", "# Opening hours #\n\nNine to five.\n")

    assert "Opening hours" == record["title"]


def test_headings_begin_records_and_title_them(desk: Desk) -> None:
    text = "Before.\n# One\nFirst.\n## Deeper\nSecond.\nUnder\n-----\nThird.\n"
    records = desk.read("a.md", text, split="heading")

    assert [None, "One", "Deeper", "Under"] == [record.get("title") for record in records]
    assert ["Before.", "First.", "Second.", "Third."] == [record["text"] for record in records]
    assert ["a.md:1", "a.md:3", "a.md:5", "a.md:8"] == desk.names("a.md", text, split="heading")


def test_deep_headings_stay_inside_where_the_plan_says_so(desk: Desk) -> None:
    records = desk.read("a.md", "# One\nFirst.\n## Deeper\nSecond.\n", split="heading", level=1)

    assert ["First.\n## Deeper\nSecond."] == [record["text"] for record in records]


def test_a_comment_in_code_is_no_heading(desk: Desk) -> None:
    records = desk.read("a.md", "# One\n```sh\n# install\npip\n```\n", split="heading")

    assert ["One"] == [record["title"] for record in records]


def test_a_heading_can_be_described(desk: Desk) -> None:
    records = desk.read("a.txt", "== Tale One ==\nA.\n== Tale Two ==\nB.\n", split="heading", heading="^== (.*) ==$")

    assert ["Tale One", "Tale Two"] == [record["title"] for record in records]


def test_a_gutenberg_book_loses_its_header_licence_and_front_matter(desk: Desk) -> None:
    records = desk.read("book.txt", BOOK, split="heading")

    assert [("THE FIRST", "I.\n\nIt began."), ("THE SECOND", "It ended.")] == [(r["title"], r["text"]) for r in records]


def test_a_gutenberg_book_read_whole_keeps_all_between_the_marks(desk: Desk) -> None:
    (record,) = desk.read("book.txt", BOOK)

    assert record["text"].startswith("TWO TALES")
    assert record["text"].endswith("It ended.")
    assert "left out" in str(next(notes(find("desk", "book.txt", root=desk.root))))


def test_the_plan_keeps_the_boilerplate_where_it_asks_to(desk: Desk) -> None:
    (record,) = desk.read("book.txt", BOOK, format="text", boilerplate=False)

    assert BOOK.strip() == record["text"]


def test_blank_lines_end_paragraphs(desk: Desk) -> None:
    text = "one\ntwo\n\n  \nthree\n"

    assert ["one\ntwo", "three"] == [record["text"] for record in desk.read("a.txt", text, split="paragraph")]
    assert ["a.txt:1", "a.txt:5"] == desk.names("a.txt", text, split="paragraph")


@pytest.mark.parametrize(
    ("text", "separator", "expected"),
    [
        ("one\n---\ntwo\n---\n", "---", ["one", "two"]),
        ("one<|end|>two<|end|>\n\nthree", "<|end|>", ["one", "two", "three"]),
        ("one\r\n\r\n\r\ntwo\r\n", "\\n\\n\\n", ["one", "two"]),
    ],
    ids=["a line", "inside a line", "blank lines"],
)
def test_a_separator_ends_a_record(desk: Desk, text: str, separator: str, expected: list[str]) -> None:
    assert expected == [r["text"] for r in desk.read("a.txt", text, split="separator", separator=separator)]


def test_the_lines_of_separated_records_are_those_of_the_file(desk: Desk) -> None:
    assert ["a.txt:1", "a.txt:3", "a.txt:6"] == desk.names("a.txt", "one\n---\ntwo\n---\n\nthree", split="separator")


def test_pieces_of_a_size_lose_nothing_and_end_where_a_reader_would_pause(desk: Desk) -> None:
    text = "".join(f"Sentence number {n} ends here. " + "\n\n" * (n % 5 == 0) for n in range(200))
    pieces = [record["text"] for record in desk.read("a.txt", text, split="size", size=300)]

    assert all(len(piece) <= 300 for piece in pieces)
    assert text.split() == " ".join(pieces).split()
    assert all(piece.rstrip().endswith(".") for piece in pieces)


def test_questions_and_answers_become_pairs(desk: Desk) -> None:
    text = "Help\n\nQ: Where?\nA: Here.\nAnd there.\n\nQ2. When\nnow?\nA2. Soon.\n"
    records = desk.read("a.txt", text, split="qa")

    assert {"question": "Where?", "answer": "Here.\nAnd there.", "path": "a.txt"} == records[1]
    assert {"question": "When\nnow?", "answer": "Soon.", "path": "a.txt"} == records[2]
    assert ["a.txt:1", "a.txt:3", "a.txt:7"] == desk.names("a.txt", text, split="qa")


def test_a_piece_with_broken_bytes_is_trouble_and_its_neighbours_are_not(desk: Desk) -> None:
    troubles = desk.troubles("a.txt", b"one\n\ntw\xff\n\nthree\n", split="paragraph", encoding="utf-8")

    assert {"a.txt:3": "read.encoding Bytes that are not text in the file's encoding."} == troubles


def test_a_blank_text_gives_no_record(desk: Desk) -> None:
    assert [] == desk.read("a.txt", "\n \n")
