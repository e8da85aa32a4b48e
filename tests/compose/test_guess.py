"""Guesses: columns and cells of many makes are recognised, and every proposal works on what it was guessed from."""

import pytest

from pipeline.compose import guess
from pipeline.core.example import Json

MANY = range(12)


def first(records: list[dict[str, Json]]) -> dict[str, Json]:
    """Give the settings of the best proposal that are not defaults, with its recipe."""
    best = guess(records)[0]
    return {"recipe": best.settings.model_dump()["recipe"], **best.settings.model_dump(exclude_defaults=True)}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("question", "answer"),
        ("Frage", "Antwort"),
        ("pregunta", "respuesta"),
        ("Question", "Réponse"),
        ("Ticket body", "Agent reply"),
        ("问题", "答案"),
        ("вопрос", "ответ"),
        ("customer_message", "SupportResponse"),
        ("Question", "Best Answer"),
    ],
)
def test_questions_and_answers_are_found_by_name(question: str, answer: str) -> None:
    records = [{"id": n, question: f"Why {n}?", answer: f"Because of {n}.", "Incorrect Answers": "x"} for n in range(3)]

    assert guess(records)[0].settings.model_dump(include={"user", "assistant"}) == {
        "user": question,
        "assistant": answer,
    }


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([{"instruction": "a", "input": "", "response": "b"}], {"recipe": "alpaca", "output": "response"}, id="Alpaca"),
        pytest.param([{"prompt": "a ->", "completion": " b END"}] * 3, {"recipe": "prompt_completion", "prompt_ends": ("->",), "completion_ends": ("END",)}, id="legacy with marks"),
        pytest.param([{"text": f"card {n}", "category": ["a", "b"][n % 2]} for n in MANY], {"recipe": "classification", "label": "category"}, id="labels by name"),
        pytest.param([{"notes": f"some words {n}", "zone": ["x", "y"][n % 2]} for n in MANY], {"recipe": "classification", "text": "notes", "label": "zone"}, id="labels by how few they are"),
        pytest.param([{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}], {"recipe": "messages"}, id="OpenAI"),
        pytest.param([{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "label": True}], {"recipe": "messages", "extra": "drop"}, id="OpenAI with more keys"),
        pytest.param([{"system": "s", "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}], {"recipe": "anthropic"}, id="Anthropic"),
        pytest.param([{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}], {"recipe": "sharegpt"}, id="ShareGPT"),
        pytest.param([{"utterances": [{"speaker": "USER", "text": "a"}, {"speaker": "ASSISTANT", "text": "b"}]}], {"recipe": "dialogue", "turns": "utterances", "role": "speaker", "content": "text"}, id="a list of turns under other names"),
        pytest.param([{"prompt": "p", "chosen": "a", "rejected": "b"}], {"recipe": "preference"}, id="preference"),
        pytest.param([{"chat": "User 1: a\nUser 2: b\nUser 1: c\nUser 2: d"}] * 2, {"recipe": "dialogue", "transcript": "chat", "speakers": {"User 1": "user", "User 2": "assistant"}}, id="a transcript of strangers"),
        pytest.param([{"text": "\n\nHuman: a\n\nAssistant: b"}] * 2, {"recipe": "dialogue", "transcript": "text"}, id="a transcript of known speakers"),
        pytest.param([{"text": "[09:14] <ann> hi\n[09:15] <bob> yo"}], {"recipe": "dialogue", "transcript": "text", "pick": "busiest-two"}, id="IRC"),
        pytest.param([{"title": "T", "text": "Once upon a time.", "path": "a.txt"}], {"recipe": "completion", "instruction": 'Write a text called "{{ title }}".'}, id="stories with titles"),
        pytest.param([{"links": "one", "rechts": "two"}], {"recipe": "pairs", "user": "links", "assistant": "rechts"}, id="two columns that say nothing"),
        pytest.param([{"query": "q", "tools": "[]", "answers": '[{"name":"f"}]'}], {"recipe": "tools", "answers": "answers"}, id="xLAM"),
        pytest.param([{"Subject Line": "s", "Body": "b", "Reply": "r"}], {"recipe": "pairs", "user": '{{ record["Subject Line"] }}\n\n{{ Body }}', "assistant": "Reply"}, id="a column whose name is no word"),
        pytest.param([{"Ticket": str(n), "Frage / Question": f"Why {n}?", "Reply text": f"Since {n}.", "Agent": ["Ann", "Bo"][n % 2]} for n in MANY], {"recipe": "pairs", "user": "Frage / Question", "assistant": "Reply text"}, id="a ticket's number and an agent's name say nothing"),
        pytest.param([{"ticket_id": n, "subject": f"Printer {n}", "description": f"It broke {n} times.", "agent_response": f"Restart it {n} times."} for n in MANY], {"recipe": "pairs", "user": "{{ subject }}\n\n{{ description }}", "assistant": "agent_response"}, id="a ticket's description is what is asked"),
        pytest.param([{"subject": f"Printer {n} broke", "reply": f"Restart it {n} times."} for n in MANY], {"recipe": "pairs", "user": "subject", "assistant": "reply"}, id="a subject alone is what is asked"),
        pytest.param([{"Frage": f"Is {n} odd?", "Antwort": ["yes", "no"][n % 2]} for n in MANY], {"recipe": "pairs", "user": "Frage", "assistant": "Antwort"}, id="answers that come again"),
        pytest.param([{"Betreff": "s", "Anfrage": "b", "Antwort": "r"}], {"recipe": "pairs", "user": "{{ Betreff }}\n\n{{ Anfrage }}", "assistant": "Antwort"}, id="a subject above its body"),
        pytest.param([{"question": "q", "answer": "Close it; go home; come back."}] * 3, {"recipe": "pairs"}, id="semicolons in sentences"),
        pytest.param([{"question": "q", "answer": "Paris; It is Paris; In France"}] * 3, {"recipe": "pairs", "separator": "; "}, id="several answers in a cell"),
    ],
)  # fmt: skip
def test_shapes_are_recognised(records: list[dict[str, Json]], expected: dict[str, Json]) -> None:
    assert first(records) == expected


def test_one_turn_a_row_asks_the_reader_to_gather() -> None:
    records = [
        {"conversation_id": n // 2, "turn": n % 2, "role": ["customer", "agent"][n % 2], "content": "x"} for n in MANY
    ]

    best = guess(records)[0]

    assert (best.group, best.order) == ("conversation_id", "turn")
    assert best.settings.model_dump(exclude_defaults=True) == {}


def test_message_trees_ask_the_reader_to_unfold() -> None:
    assert guess([{"prompt": {"text": "a", "role": "prompter", "replies": []}}])[0].unfold == "tree"


def test_a_customer_who_comes_again_is_a_family() -> None:
    records = [{"customer_id": n % 2, "question": f"q{n}", "answer": "a"} for n in MANY]

    assert guess(records)[0].family == "customer_id"


def test_every_proposal_worked_on_half_of_the_sample_and_says_why() -> None:
    records = [{"question": "q", "answer": "a"}, {"question": "q", "answer": ""}, {"question": "q", "answer": "b"}]

    proposals = guess(records)

    assert all(proposal.share >= 0.5 and proposal.reason.endswith(".") for proposal in proposals)
    assert proposals[0].share == pytest.approx(2 / 3)


def test_nothing_is_guessed_from_nothing() -> None:
    assert guess([]) == []
    assert guess([{"id": 1, "date": "2024"}]) == []


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([{"Rubrique": "abc"[n % 3], "Question": f"q{n}", "Réponse": f"r{n}"} for n in MANY], {"recipe": "pairs", "user": "Question", "assistant": "Réponse"}, id="a rubric beside question and answer"),
        pytest.param([{"system_prompt": "S", "user_prompt": f"q{n}", "answer": f"a{n}"} for n in MANY], {"recipe": "pairs", "user": "user_prompt", "system_column": "system_prompt"}, id="a prompt that is the system's"),
        pytest.param([{"label_9": n % 2, "label_gold": ["x", "y"][n % 2], "case": f"some case {n}"} for n in MANY], {"recipe": "classification", "text": "case", "label": "label_9"}, id="of equal names the first"),
        pytest.param([{"type": "ab"[n % 2], "label": "xy"[n % 2], "prompt": f"some text {n}"} for n in MANY], {"recipe": "classification", "text": "prompt"}, id="a label that is called so"),
        pytest.param([{"note": f"S: he said {n}\nO: pale {n}\nA: a cold {n}\nP: rest {n}"} for n in MANY], {"recipe": "completion", "text": "note"}, id="a form with four headings is no talk"),
        pytest.param([{"model": "m", "text": f"words {n}"} for n in MANY], {"recipe": "completion"}, id="a column that never changes asks nothing"),
        pytest.param([{"context": ["a"], "reply": f"b{n}"} for n in MANY], {"recipe": "dialogue", "turns": "context", "alternate": True, "answer": "reply"}, id="one earlier turn and a reply"),
        pytest.param([{"instruction": "i", "context": "c", "response": "r"}], {"recipe": "alpaca", "input": "context", "output": "response"}, id="Dolly"),
        pytest.param([{"chat": "System: s\nUser: a\nBot: b"}] * 2, {"recipe": "dialogue", "transcript": "chat"}, id="a transcript with a system line"),
        pytest.param([{"raw": f"said this and that {n}", "ward": "abc"[n % 3], "clean": f"It was {n}."} for n in MANY], {"recipe": "pairs", "user": "raw", "assistant": "clean"}, id="two long columns beside a short one"),
    ],
)  # fmt: skip
def test_the_likelier_of_two_readings_comes_first(records: list[dict[str, Json]], expected: dict[str, Json]) -> None:
    assert first(records) == expected


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([{"a": str(n), "b": str(n * 2)} for n in MANY], id="numbers"),
        pytest.param([{"id": n, "query": f"who {n}?"} for n in MANY], id="questions that nobody answers"),
        pytest.param([{"education": "abc"[n % 3], "age": n} for n in MANY], id="labels of nothing"),
        pytest.param([{"x": {"y": 1}} for n in MANY], id="nested without texts"),
    ],
)
def test_nothing_is_proposed_that_would_teach_nothing(records: list[dict[str, Json]]) -> None:
    assert guess(records) == []


def test_rows_are_put_in_order_by_a_time_where_there_is_no_number() -> None:
    records = [{"thread_id": n // 2, "from": "ab"[n % 2], "date": f"2024-01-{n}", "body": f"m{n}"} for n in MANY]

    best = guess(records)[0]

    assert (best.group, best.order) == ("thread_id", "date")


def test_marks_of_unwanted_answers_are_pointed_out() -> None:
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]

    best = guess([{"messages": turns, "label": n % 2 == 0} for n in MANY])[0]

    assert "Where `label` is false an answer may be unwanted" in best.reason


def test_the_same_proposal_is_made_once_and_at_its_best_place() -> None:
    records = [{"topic": "abc"[n % 3], "question": f"q{n}", "answer": f"a{n}"} for n in MANY]

    settings = [proposal.settings.model_dump_json() for proposal in guess(records)]

    assert len(set(settings)) == len(settings)
    assert guess(records)[0].settings.model_dump()["recipe"] == "pairs"
