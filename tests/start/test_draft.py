"""`tuneset init`: what is proposed for a file is what a sensible person would write, and builds without an edit."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from pipeline.cli.build import command as build
from pipeline.cli.init import command
from pipeline.compose import Compose
from pipeline.core import columns
from pipeline.core.errors import SourceError
from pipeline.plan import Plan, load
from pipeline.read import find, rows
from pipeline.start import draft, example_csv, plan_text, shown


def lines(text: str, count: int = 20) -> str:
    """Give the line so often, with its number in place of #, and a, b, c in turn in place of @."""
    return "".join(text.replace("#", str(n)).replace("@", "abc"[n % 3]) for n in range(count))


KINDS = {
    "a German FAQ in cp1252": (
        "faq.csv",
        ("Frage;Antwort\n" + lines("Wie groß ist #?;Größe # ist groß.\n")).encode("cp1252"),
        {},
        {"recipe": "pairs", "user": "Frage", "assistant": "Antwort"},
    ),
    "a French FAQ with a rubric that looks like a label": (
        "faq.csv",
        ("Rubrique;Question;Réponse\n" + lines("Rayon @;Combien coûte # ?;Cela coûte # €.\n")).encode("cp1252"),
        {},
        {"recipe": "pairs", "user": "Question", "assistant": "Réponse"},
    ),
    "a Spanish FAQ with a category": (
        "faq.csv",
        "Categoría,Pregunta,Respuesta\n" + lines("@,¿Cómo #?,Así #.\n"),
        {},
        {"recipe": "pairs", "user": "Pregunta", "assistant": "Respuesta"},
    ),
    "tickets with a subject": (
        "tickets.csv",
        "Ticket ID,Subject,Ticket body,Agent reply,Status\n" + lines('#,Late #,"Hello,\nwhere is #?",Sorry for #.,open\n'),
        {},
        {
            "recipe": "pairs",
            "user": '{{ Subject }}\n\n{{ record["Ticket body"] }}',
            "assistant": "Agent reply",
        },
    ),
    "a system prompt in each row": (
        "prompts.csv",
        "system_prompt,user_prompt,expected_answer,model\n" + lines("Be kind.,Ask #,Say #,m\n"),
        {},
        {"recipe": "pairs", "user": "user_prompt", "assistant": "expected_answer", "system_column": "system_prompt"},
    ),
    "turns as rows": (
        "chat.csv",
        "conversation_id,turn,role,content\n" + lines("1,#,user,hi #\n1,#,assistant,yes #\n"),
        {"group": "conversation_id", "order": "turn"},
        {"recipe": "dialogue", "role": "role", "content": "content"},
    ),
    "turns as rows under other names, with a time": (
        "chat.tsv",
        "session\tsender\ttimestamp\tmessage\n" + lines("s1\tCustomer\t2024-01-#\thi #\ns1\tAgent\t2024-01-#\tyes #\n", 10),
        {"group": "session", "order": "timestamp"},
        {"recipe": "dialogue", "role": "sender", "content": "message"},
    ),
    "texts with labels": (
        "sentiment.csv",
        "text,label\n" + lines("I feel # about it,@\n"),
        {},
        {"recipe": "classification", "text": "text", "label": "label"},
    ),
    "texts sorted by label": (
        "sorted.csv",
        "text,label\n" + lines("good #,yes\n", 600) + lines("bad #,no\n", 600),
        {},
        {"recipe": "classification", "text": "text", "label": "label"},
    ),
    "texts with a label that is a number": (
        "reviews.csv",
        "review_id,review,stars\n" + lines("#,It is a nice thing #,1\n#,It breaks often #,5\n"),
        {},
        {"recipe": "classification", "text": "review", "label": "stars"},
    ),
    "questions and answers in a text": (
        "faq.txt",
        lines("Q: What is #?\nA: It is #.\n\n"),
        {"format": "text", "split": "qa"},
        {"recipe": "pairs", "user": "question", "assistant": "answer"},
    ),
    "a transcript": (
        "call.txt",
        lines("Customer: where is #?\nAgent: here is #\n"),
        {},
        {"recipe": "dialogue", "transcript": "text"},
    ),
    "a transcript of people with names": (
        "call.txt",
        lines("Ann: where is #?\nBob: here is #\n"),
        {},
        {"recipe": "dialogue", "transcript": "text", "speakers": {"Ann": "user", "Bob": "assistant"}},
    ),
    "a book of chapters": (
        "book.md",
        "".join(f"# Tale {n}\n\nOnce upon a time there were {n} bears.\n\n" for n in range(4)),
        {"format": "text", "split": "heading"},
        {"recipe": "completion", "text": "text", "instruction": 'Write a text called "{{ title }}".'},
    ),
    "stories in a table": (
        "stories.csv",
        "title,body\n" + lines("Tale #,Once upon a time there were # bears who lived long.\n"),
        {},
        {"recipe": "completion", "text": "body", "instruction": 'Write a text called "{{ title }}".'},
    ),
    "instructions with a context": (
        "dolly.jsonl",
        lines('{"instruction":"Do #","context":"With #","response":"Done #","category":"@"}\n'),
        {},
        {"recipe": "alpaca", "input": "context", "output": "response"},
    ),
    "earlier turns and a response": (
        "replies.jsonl",
        lines('{"context":["hi #","hello","bye #"],"response":"see you #"}\n'),
        {},
        {"recipe": "dialogue", "turns": "context", "alternate": True, "answer": "response"},
    ),
    "better and worse answers": (
        "pairs.jsonl",
        lines('{"prompt":"Say #","chosen":"yes #","rejected":"no #"}\n'),
        {},
        {"recipe": "preference", "chosen": "chosen", "rejected": "rejected"},
    ),
    "nested instances": (
        "tasks.jsonl",
        lines('{"id":#,"instruction":"Add","instances":[{"input":"#+#","output":"sum #"}]}\n'),
        {"unfold": "instances"},
        {"recipe": "alpaca"},
    ),
    "two columns that say nothing": (
        "code.jsonl",
        lines('{"docstring":"adds #","code":"def f(): return #"}\n'),
        {},
        {"recipe": "pairs", "user": "docstring", "assistant": "code"},
    ),
    "two long columns beside a short one": (
        "notes.csv",
        "id,raw notes,specialty,clean notes\n" + lines("#,said # and that,@ ward,It was # and that.\n"),
        {},
        {"recipe": "pairs", "user": "raw notes", "assistant": "clean notes"},
    ),
}  # fmt: skip
each_kind = pytest.mark.parametrize(("name", "content", "read", "compose"), KINDS.values(), ids=KINDS)


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """Give a file with this content."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def planned(path: Path) -> Plan:
    """Give the plan that init writes beside the file."""
    plan = path.parent / "dataset.toml"
    plan.write_text(plan_text([draft(path, root=path.parent)], name="x"), encoding="utf-8")
    return load(plan)


def composed(plan: Plan, root: Path) -> pa.Table:
    """Give the rows of the plan's only source as compose leaves them."""
    source = plan.source[0]
    files = find(source.name, source.path, root=root, read=source.read)
    table = pa.Table.from_batches(list(rows([files])), schema=columns.READ)
    return Compose(recipes={source.name: source.compose}, method=plan.target.method)(table)


@each_kind
def test_the_proposal_is_what_a_sensible_person_would_write(
    name: str, content: str | bytes, read: dict[str, Any], compose: dict[str, Any], tmp_path: Path
) -> None:
    path = written(tmp_path, name, content)

    text = plan_text([draft(path, root=tmp_path)], name="x")

    source = tomllib.loads(text)["source"][0]
    assert (source["path"], source.get("read", {}), source["compose"]) == (name, read, compose)


@each_kind
def test_the_written_plan_composes_every_row_without_an_edit(
    name: str, content: str | bytes, read: dict[str, Any], compose: dict[str, Any], tmp_path: Path
) -> None:
    plan = planned(written(tmp_path, name, content))

    made = composed(plan, tmp_path)

    assert len(made) > 0
    assert made["trouble"].null_count == len(made)
    assert all(json.loads(payload) for payload in made["payload"].to_pylist())


@each_kind
def test_the_examples_shown_are_those_that_the_plan_gives(
    name: str, content: str | bytes, read: dict[str, Any], compose: dict[str, Any], tmp_path: Path
) -> None:
    path = written(tmp_path, name, content)

    one = draft(path, root=tmp_path)

    assert list(one.payloads) == composed(planned(path), tmp_path)["payload"].to_pylist()[: len(one.payloads)]
    assert 1 <= len(one.payloads) <= 3


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("a.csv", "question,answer\n", "there is no record in it; put some rows below the header", id="header only"),
        pytest.param("a.csv", "", "there is no record in it", id="nothing at all"),
        pytest.param("a.csv", "a,b\n1,2\n3,4\n", "`a`, `b`, which fits no recipe", id="numbers"),
        pytest.param("a.jsonl", lines('{"id":#,"query":"who # ?"}\n'), "fits no recipe", id="questions without answers"),
        pytest.param("a.csv", ",".join(f"n{i}" for i in range(12)) + "\n" + ",".join("1" * 12) + "\n", "`n7` and 4 more", id="many columns"),
    ],
)  # fmt: skip
def test_where_nothing_fits_it_is_said_what_was_seen(name: str, content: str, message: str, tmp_path: Path) -> None:
    path = written(tmp_path, name, content)

    with pytest.raises(SourceError, match=message):
        draft(path, root=tmp_path)


def test_a_folder_of_small_files_is_one_source(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    for n in range(5):
        written(folder, f"{n}.md", f"# Page {n}\n\nWhat page {n} says.\n")

    plan = tmp_path / "dataset.toml"
    plan.write_text(plan_text([draft(folder, root=tmp_path)], name="x"), encoding="utf-8")

    assert load(plan).source[0].path == "pages"
    assert composed(load(plan), tmp_path)["payload"].null_count == 0


def test_files_of_another_kind_in_a_folder_are_noticed(tmp_path: Path) -> None:
    written(tmp_path, "a.md", "# Page\n\nWhat it says.\n")
    written(tmp_path, "b.csv", "question,answer\n" + lines("q #,a #\n"))

    notes = draft(tmp_path, root=tmp_path).look.notes

    assert notes == ("some files are not text; give files of another shape a source of their own.",)


def test_another_proposal_can_be_chosen(tmp_path: Path) -> None:
    path = written(tmp_path, *KINDS["a French FAQ with a rubric that looks like a label"][:2])

    first, second = (draft(path, root=tmp_path, choice=choice) for choice in (0, 1))

    assert first.proposal == second.others[0]
    assert second.proposal == first.others[0]
    assert second.proposal.settings.model_dump()["recipe"] == "classification"


def test_rows_that_would_be_left_out_are_counted_with_their_place(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "question,answer\n" + lines("q #,a #\n", 9) + "q,\n")

    assert draft(path, root=tmp_path).troubles == (
        "a.csv:11  compose.empty Column `answer` is empty; the assistant turn needs text.",
    )


def test_a_customer_who_comes_again_is_written_as_family(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "customer_id,question,answer\n" + lines("@,q #,a #\n"))

    assert planned(path).source[0].family == "customer_id"


def test_preferences_make_it_a_plan_for_dpo(tmp_path: Path) -> None:
    assert planned(written(tmp_path, *KINDS["better and worse answers"][:2])).target.method == "dpo"


def test_a_path_outside_the_plans_folder_is_relative(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "question,answer\n" + lines("q #,a #\n"))
    (tmp_path / "plans").mkdir()

    assert draft(path, root=tmp_path / "plans").address == "../a.csv"


def test_an_example_is_shown_one_turn_a_line_and_cut(tmp_path: Path) -> None:
    payload = json.dumps(
        {"messages": [{"role": "user", "content": "a\n b"}, {"role": "assistant", "content": "c" * 99}]}
    )

    assert shown(payload, width=20) == "  user: a b\n  assistant: cccc..."


def test_a_call_is_shown_where_a_turn_has_no_text() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    payload = json.dumps({"messages": [{"role": "assistant", "tool_calls": [call]}]})

    assert '"name": "f"' in shown(payload)


def test_the_example_to_begin_with_is_a_plan_that_works(tmp_path: Path) -> None:
    path = written(tmp_path, "example.csv", example_csv())

    assert composed(planned(path), tmp_path)["payload"].null_count == 0


def test_the_command_shows_three_examples_and_asks_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, *KINDS["a German FAQ in cp1252"][:2])

    said = CliRunner().invoke(command, ["--from", str(path), "--plan", str(tmp_path / "plan.toml")])

    assert said.exit_code == 0, said.output
    assert said.output.count("\n  example ") == 3
    assert "Column `Frage` asks and column `Antwort` answers." in said.output
    assert load(tmp_path / "plan.toml").source[0].path == "faq.csv"


def test_a_plan_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "question,answer\n" + lines("q #,a #\n"))
    plan = written(tmp_path, "dataset.toml", "# mine\n")

    said = CliRunner().invoke(command, ["--from", str(path), "--plan", str(plan)])

    assert "--force" in str(said.exception)
    assert plan.read_text() == "# mine\n"


@pytest.mark.slow
def test_what_init_wrote_builds_a_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    plan = tmp_path / "dataset.toml"
    rows = "".join(f"Wie weit ist es nach {word}?;Nach {word} sind es viele Kilometer.\n" for word in TOWNS)
    path = written(tmp_path, "faq.csv", ("Frage;Antwort\n" + rows).encode("cp1252"))

    CliRunner().invoke(command, ["--from", str(path), "--plan", str(plan)])
    said = CliRunner().invoke(build, ["--plan", str(plan), "--workers", "1", "--quiet"], standalone_mode=False)

    assert (said.exception, said.return_value) == (None, 0)
    report = json.loads((tmp_path / "data/processed/report.json").read_text())
    assert report["rows_read"] == len(TOWNS)
    assert report["fates"]["rejected"] == 0


TOWNS = [
    "Köln",
    "Bonn",
    "Trier",
    "Mainz",
    "Worms",
    "Speyer",
    "Ulm",
    "Augsburg",
    "Passau",
    "Linz",
    "Wels",
    "Graz",
    "Wien",
    "Melk",
    "Krems",
    "Bregenz",
    "Basel",
    "Zürich",
    "Bern",
    "Genf",
    "Lausanne",
    "Chur",
    "Zug",
    "Luzern",
    "Kiel",
    "Bremen",
]


def test_cells_of_html_become_text_and_the_plan_says_so(tmp_path: Path) -> None:
    cells = lines('<p>My printer # is&nbsp;<b>broken</b></p>,"<p>Restart it.<br>Wait # minutes.</p>"\n')
    (tmp_path / "tickets.csv").write_text("description,agent_response\n" + cells)
    one = draft(tmp_path / "tickets.csv", root=tmp_path)

    assert [turn["content"] for turn in json.loads(one.payloads[0])["messages"]] == [
        "My printer 0 is\xa0broken",
        "Restart it.\nWait 0 minutes.",
    ]
    assert tomllib.loads(plan_text([one], name="shop"))["mend"]["html"] is True


def test_a_mention_of_html_leaves_it_alone(tmp_path: Path) -> None:
    cells = lines("What is number #?,A number.\n") + "How do I break a line?,Write <br>.\n"
    (tmp_path / "faq.csv").write_text("question,answer\n" + cells)
    one = draft(tmp_path / "faq.csv", root=tmp_path)

    assert tomllib.loads(plan_text([one], name="faq"))["mend"]["html"] is False
