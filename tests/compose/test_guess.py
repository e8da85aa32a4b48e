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
        pytest.param([{"Betreff": "s", "Anfrage": "b", "Antwort": "r"}], {"recipe": "pairs", "user": "{{ Betreff }}\n\n{{ Anfrage }}", "assistant": "Antwort"}, id="a subject above its body"),
        pytest.param([{"question": "q", "answer": "one; two"}] * 3, {"recipe": "pairs", "separator": "; "}, id="several answers in a cell"),
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
