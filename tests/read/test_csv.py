"""Delimited text in the state people really have it."""

import pytest

from tests.read.conftest import Desk


def test_a_plain_file_gives_one_object_a_row_under_the_names_of_its_header(desk: Desk) -> None:
    records = desk.read("faq.csv", "question,answer\nHi,Hello\nBye,See you\n")

    assert [{"question": "Hi", "answer": "Hello"}, {"question": "Bye", "answer": "See you"}] == records


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ":", "^", "~", "||", "\x1f"])
def test_any_delimiter_is_found(desk: Desk, delimiter: str) -> None:
    lines = [["question", "answer", "topic"], ["Where, now?", "Here", "place"], ["When", "Soon", "time"]]
    records = desk.read("faq.csv", "\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines))

    assert {"question": "Where, now?", "answer": "Here", "topic": "place"} == records[0]


def test_commas_in_prose_do_not_hide_the_semicolons_between_fields(desk: Desk) -> None:
    records = desk.read("faq.csv", "question;answer\nHi, there;Hello, you\nWell, well;Oh, my\nNo, no;Yes, yes\n")

    assert {"question": "Hi, there", "answer": "Hello, you"} == records[0]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_any_line_end_ends_a_row(desk: Desk, end: str) -> None:
    rows = ["question,answer", 'Hi,"two', 'lines"', "Bye,Bye"]
    names = desk.names("faq.csv", end.join(rows) + end)

    assert ["faq.csv:2", "faq.csv:4"] == names
    assert {"question": "Hi", "answer": f"two{end}lines"} == desk.read("faq.csv", end.join(rows))[0]


def test_mixed_line_ends_count_one_line_each(desk: Desk) -> None:
    names = desk.names("faq.csv", "question,answer\r\na,b\rc,d\ne,f\r\n\r\ng,h")

    assert ["faq.csv:2", "faq.csv:3", "faq.csv:4", "faq.csv:6"] == names


def test_a_line_end_that_falls_between_two_blocks_is_still_one(desk: Desk) -> None:
    filler = "x" * ((1 << 20) - len("question,answer\r\n") - 3)
    names = desk.names("faq.csv", f"question,answer\r\n{filler},b\r\nc,d\r\n")

    assert ["faq.csv:2", "faq.csv:3"] == names


def test_a_cell_of_several_megabytes_is_one_cell(desk: Desk) -> None:
    cell = "line\n" * 1_000_000
    records = desk.read("faq.csv", f'question,answer\nHi,"{cell}"\nBye,Bye\n')

    assert [cell, "Bye"] == [record["answer"] for record in records]


def test_a_nul_byte_is_kept_where_it_stands(desk: Desk) -> None:
    assert [{"question": "a\0b", "answer": "c"}] == desk.read("faq.csv", "question,answer\na\0b,c\n")


def test_blank_lines_are_no_rows(desk: Desk) -> None:
    assert ["faq.csv:4", "faq.csv:6"] == desk.names("faq.csv", "question,answer\n\n\na,b\n  \nc,d\n\n")


def test_quotes_are_doubled_or_escaped(desk: Desk) -> None:
    doubled = desk.read("faq.csv", 'question,answer\n"say ""hi""",b\n')
    escaped = desk.read("faq.csv", 'question,answer\n"say \\"hi\\", now",b\n"a\\\\",d\n')

    assert 'say "hi"' == doubled[0]["question"]
    assert ['say "hi", now', "a\\"] == [record["question"] for record in escaped]


def test_single_quotes_are_found_where_they_do_the_quoting(desk: Desk) -> None:
    records = desk.read("faq.csv", "question,answer\n'one, two','b'\n'three','d, e'\n")

    assert {"question": "one, two", "answer": "b"} == records[0]


def test_apostrophes_do_not_quote(desk: Desk) -> None:
    records = desk.read("faq.csv", "question,answer\n'tis,that's\nisn't,it\n")

    assert {"question": "'tis", "answer": "that's"} == records[0]


def test_spaces_before_a_quote_are_passed_over(desk: Desk) -> None:
    records = desk.read("faq.csv", 'question, answer\n"a, b", "c, d"\n"e", "f"\n')

    assert {"question": "a, b", "answer": "c, d"} == records[0]


def test_a_quote_inside_an_unquoted_field_is_an_ordinary_character(desk: Desk) -> None:
    assert '5" disk' == desk.read("faq.csv", 'question,answer\n5" disk,yes\n"a","b"\n')[0]["question"]


def test_quotes_that_nobody_doubled_are_read_as_they_are_meant(desk: Desk) -> None:
    records = desk.read("faq.csv", 'question,answer\n"He said "hello" to me",yes\n"abc" def,"x"\n"a","b"\n')

    assert ['He said "hello" to me', "abc def", "a"] == [record["question"] for record in records]


def test_a_stray_quote_that_has_no_sound_reading_is_that_rows_trouble(desk: Desk) -> None:
    troubles = desk.troubles("faq.csv", 'question,answer\n"a" b,"c" d,e\nf,g\n')

    assert {"faq.csv:2"} == set(troubles)
    assert troubles["faq.csv:2"].startswith("read.stray-quote")


def test_an_unclosed_quote_costs_one_row_and_not_the_rest_of_the_file(desk: Desk) -> None:
    rest = "".join(f"q{n},a{n}\n" for n in range(3, 500))
    desk.lay("faq.csv", f'question,answer\n"forgotten,b\n{rest}')
    table = desk.table("faq.csv")

    assert ["faq.csv:2"] == [row["name"] for row in table if row["unread"]]
    assert table[0]["unread"].startswith("read.unclosed-quote")
    assert b'"forgotten,b\n' == table[0]["raw"]
    assert 498 == len(table)


def test_an_unclosed_quote_is_seen_though_later_rows_are_quoted(desk: Desk) -> None:
    troubles = desk.troubles("faq.csv", 'question,answer\na,"forgotten\n"b","c"\n"d","e"\nf,g\n')

    assert {"faq.csv:2": "read.unclosed-quote"} == {name: text.split()[0] for name, text in troubles.items()}


def test_a_row_with_too_many_fields_is_kept_out_with_its_own_bytes(desk: Desk) -> None:
    desk.lay("faq.csv", "question,answer\na,b,c\nd,e\n")
    first, second = desk.table("faq.csv")

    assert "read.ragged 3 fields, the header has 2." == first["unread"]
    assert b"a,b,c\n" == first["raw"]
    assert first["record"] is None
    assert second["unread"] is None


def test_a_short_row_is_kept_out_where_its_missing_columns_are_always_filled(desk: Desk) -> None:
    troubles = desk.troubles("faq.csv", "question,answer,source\na,b,c\nd,e\nf,g,h\n")

    assert {"faq.csv:3": "read.ragged 2 fields, the header has 3."} == troubles


def test_a_short_row_is_filled_where_its_missing_columns_are_sometimes_empty(desk: Desk) -> None:
    records = desk.read("faq.csv", "question,answer,note\na,b,\nd,e\nf,g,h\n")

    assert {"question": "d", "answer": "e", "note": ""} == records[1]


def test_the_plan_decides_about_short_rows(desk: Desk) -> None:
    text = "question,answer,note\na,b,\nd,e\n"

    assert {"faq.csv:3"} == set(desk.troubles("faq.csv", text, format="csv", short="refuse"))
    assert 2 == len(desk.read("faq.csv", "question,answer,note\na,b,c\nd,e\n", format="csv", short="fill"))


def test_a_delimiter_at_the_end_of_every_row_makes_no_column(desk: Desk) -> None:
    assert [{"question": "a", "answer": "b"}] == desk.read("faq.csv", "question,answer,\na,b,\n")
    assert [{"question": "a", "answer": "b"}] == desk.read("faq.csv", "question,answer\na,b,\n")


def test_row_names_without_a_header_of_their_own_get_one(desk: Desk) -> None:
    records = desk.read("faq.csv", "question,answer\n1,a,b\n2,c,d\n")

    assert {"column_0": "1", "question": "a", "answer": "b"} == records[0]


def test_names_that_come_twice_or_not_at_all_are_told_apart(desk: Desk) -> None:
    records = desk.read("faq.csv", "question,answer,answer,,answer_2\na,b,c,d,e\n")

    assert ["question", "answer", "answer_2", "column_4", "answer_2_2"] == list(records[0])


def test_a_file_of_numbers_has_no_header(desk: Desk) -> None:
    assert [{"column_1": "1", "column_2": "2"}, {"column_1": "3", "column_2": "4"}] == desk.read("n.csv", "1,2\n3,4\n")


def test_a_first_row_whose_label_comes_again_is_no_header(desk: Desk) -> None:
    text = "my card is lost,card_lost\nwhere is it,card_lost\ncan I pay,payment\nI cannot pay,payment\n"

    assert 4 == len(desk.read("labels.csv", text))


def test_a_question_among_questions_is_no_header_but_one_over_short_answers_is(desk: Desk) -> None:
    pairs = (
        "What is your name today?,It is Ada and it always was.\n" * 2
        + "Where do you live now?,In London since last year.\n"
    )
    survey = "Have you seen any of the films?,Which was the best of them?\nYes,The first\nNo,\nYes,The last\n"

    assert 3 == len(desk.read("pairs.csv", pairs))
    assert 3 == len(desk.read("survey.csv", survey))


def test_two_header_rows_under_merged_cells_are_joined(desk: Desk) -> None:
    text = "id,Which films?,,,Age\n,One,Two,Three,Response\n1,x,,x,20\n2,,x,,30\n3,x,x,x,40\n"
    records = desk.read("survey.csv", text)

    assert ["id", "Which films? / One", "Which films? / Two", "Which films? / Three", "Age / Response"] == list(
        records[0]
    )


def test_the_number_of_header_rows_can_be_given(desk: Desk) -> None:
    records = desk.read("faq.csv", "a,b\nc,d\ne,f\n", format="csv", header=2)

    assert [{"a / c": "e", "b / d": "f"}] == records
    assert 3 == len(desk.read("faq.csv", "a,b\nc,d\ne,f\n", format="csv", header="none"))


def test_columns_are_named_by_the_plan(desk: Desk) -> None:
    records = desk.read("n.csv", "1,2\n3,4\n", format="csv", columns=["question", "answer"])

    assert {"question": "1", "answer": "2"} == records[0]


def test_a_title_above_the_table_is_passed_over(desk: Desk) -> None:
    text = "Support questions of 2020,,\n,,\nquestion,answer,topic\na,b,c\nd,e,f\n"

    assert ["faq.csv:4", "faq.csv:5"] == desk.names("faq.csv", text)
    assert {"question": "a", "answer": "b", "topic": "c"} == desk.read("faq.csv", text)[0]


def test_the_lines_above_the_table_can_be_counted_in_the_plan(desk: Desk) -> None:
    assert [{"question": "a", "answer": "b"}] == desk.read(
        "faq.csv", "x,y\nz\nquestion,answer\na,b\n", format="csv", skip=2
    )


def test_one_column_of_prose_needs_no_delimiter(desk: Desk) -> None:
    records = desk.read("lines.csv", "text\nHello, how are you\nFine\nOk, thanks, bye\n")

    assert ["Hello, how are you", "Fine", "Ok, thanks, bye"] == [record["text"] for record in records]


def test_settings_that_only_csv_has_make_the_format_csv(desk: Desk) -> None:
    assert [{"a": "1", "b": "2"}] == desk.read("x.txt", "a;b\n1;2\n", delimiter=";")


def test_a_limit_takes_the_first_records(desk: Desk) -> None:
    assert ["faq.csv:2"] == desk.names("faq.csv", "question,answer\na,b\nc,d\n", limit=1)


@pytest.mark.parametrize(
    "content", ["", "\n", "\n\n  \n", "\ufeff"], ids=["empty", "one line end", "blank", "only a mark"]
)
def test_a_file_without_rows_gives_none(desk: Desk, content: str) -> None:
    assert [] == desk.read("empty.csv", content)


def test_a_header_alone_gives_no_rows(desk: Desk) -> None:
    assert [] == desk.read("faq.csv", "question,answer\n")
