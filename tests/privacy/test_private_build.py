"""Stories of whole builds and checks: what ships, what is said, and what is written nowhere."""

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import tuneset
from pipeline.core.errors import MissingExtra, PlanError
from pipeline.preflight import check_examples
from tests.house.house import House

CARD, EMAIL, PHONE, SSN = "4539148803436467", "jane.doe@gmail.com", "+44 7911 123 497", "536-22-8726"
KEY = "gh" + "p_h8Kq2LmZ9xRtV4wYb7NcJ3dPf6GsA1eUoT5i"
PASSWORD = "h8Kq2LmZ9x"
SALT = "a-salt-of-which-no-byte-is-written"
EVERY = (CARD, EMAIL, PHONE, SSN, KEY, PASSWORD)
FAQ = f"""question,answer
What do you sell?,Tea from nine gardens.
My card {CARD} was charged twice,I see the card {CARD}. It is paid back.
I am {EMAIL},Hello. We write to {EMAIL}.
Call me at {PHONE},We call {PHONE} at noon.
My SSN is {SSN},Thank you.
Why does {KEY} fail?,Because it is revoked.
Is postgres://app:{PASSWORD}@db.acme.io/app right?,Yes.
"""


@pytest.fixture
def house(tmp_path):
    return House(tmp_path).write(faq_csv=FAQ)


def contents(house, name="train.jsonl"):
    return [turn["content"] for line in house.lines(name) for turn in line["messages"]]


def test_by_default_cards_are_redacted_addresses_reported_and_keys_rejected(house):
    outcome = house.build()
    text = "\n".join(turn["content"] for line in house.examples() for turn in line["messages"])

    assert house.fates() == {"faq.csv:7": "rejected", "faq.csv:8": "rejected"}
    assert "My card [CARD_1] was charged twice" in text
    assert "I see the card [CARD_1]." in text
    assert "My SSN is [ID_1]" in text
    assert EMAIL in text
    assert outcome.report.mended["redacted-card"] == 1
    codes = {line["code"]: line["severity"] for line in house.lines("findings.jsonl")}
    assert codes["private.email"] == "warning"
    assert codes["secret.key"] == codes["secret.password"] == "error"
    assert "private.card" not in codes


def test_what_is_found_stands_in_no_other_file_than_it_must(house):
    house.build(privacy={"email": "redact", "phone": "redact"})

    for name, content in house.published().items():
        if name != "rejected.jsonl":
            assert [one for one in EVERY if one.encode() in content] == [], name


def test_rejected_rows_are_masked_on_request(house):
    house.build(privacy={"email": "reject", "phone": "reject", "originals": "mask"})

    everything = b"".join(house.published().values())
    assert [one for one in EVERY if one.encode() in everything] == []
    assert house.lines("rejected.jsonl")[0]["original"]["question"] == "I am [EMAIL]"


def test_rejected_rows_are_kept_to_the_letter_otherwise(house):
    house.build()

    assert house.lines("rejected.jsonl")[0]["original"]["question"] == f"Why does {KEY} fail?"


def test_fakes_are_stable_over_builds_and_the_salt_is_written_nowhere(house):
    plan = dict.fromkeys(("email", "phone", "card", "national"), "pseudonymise")
    first = build_with_salt(house, SALT, plan)
    second = build_with_salt(house, SALT, plan)
    other = build_with_salt(house, "another", plan)

    assert first == second != other
    assert any("@example.com" in text for text in first)
    everything = b"".join(path.read_bytes() for path in house.root.rglob("*") if path.is_file())
    assert SALT.encode() not in everything


def build_with_salt(house, salt, privacy):
    from pipeline.cli._progress import Silent
    from pipeline.engines.local import Local
    from pipeline.run import Setting, build
    from tests.house.house import VOCABULARIES

    setting = Setting(
        root=house.root,
        today=date(2026, 11, 22),
        stamp=f"at-{salt[:2]}",
        cache=house.root / "cache",
        vocabularies=(str(VOCABULARIES),),
        engine=Local(1),
        salt=salt,
        progress=Silent(),
    )
    assert salt not in repr(setting)
    build(house.plan(privacy=privacy), setting)
    return [turn["content"] for line in house.examples() for turn in line["messages"]]


def test_without_a_salt_no_row_is_read(house):
    with pytest.raises(PlanError, match="TUNESET_SALT"):
        house.build(privacy={"email": "pseudonymise"})


def test_without_presidio_no_row_is_read(house, monkeypatch):
    monkeypatch.setattr("pipeline.compose.names.find_spec", lambda _name: None)

    with pytest.raises(MissingExtra, match=r"tuneset\[names\]"):
        house.build(privacy={"name": "report"})


def test_names_that_are_reported_are_findings(house, monkeypatch):
    monkeypatch.setattr("pipeline.compose.names.demand", lambda: None)
    monkeypatch.setattr("pipeline.compose.names.person_names", lambda text: [(0, 4)] if text.startswith("What") else [])

    house.build(privacy={"name": "report"})

    named = [line["name"] for line in house.lines("findings.jsonl") if line["code"] == "private.name"]
    assert named == ["faq.csv:2"]


def test_what_is_off_is_neither_found_nor_changed(house):
    house.build(privacy=dict.fromkeys(("email", "phone", "card", "national", "secret", "ip", "iban"), "off"))

    assert house.fates() == {}
    assert not [line for line in house.lines("findings.jsonl") if line["code"].startswith(("private", "secret"))]


def test_lines_that_ship_as_they_are_are_redacted_as_well(tmp_path):
    house = House(tmp_path)
    lines = [
        json.dumps(
            {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": f"Number {n}"}]},
            indent=None,
        )
        for n, text in enumerate([f"Pay with {CARD}", "Hello"])
    ]
    house.write(chat_jsonl="\n".join(lines) + "\n")

    house.build({"path": "chat.jsonl", "compose": {"recipe": "messages"}})

    assert sorted(contents(house)) == ["Hello", "Number 0", "Number 1", "Pay with [CARD_1]"]


def test_an_address_that_a_template_puts_together_is_redacted(tmp_path):
    house = House(tmp_path).write(faq_csv="user,host\njane.doe,gmail.com\n")
    compose = {"recipe": "pairs", "user": "Mail {{ user }}@{{ host }}", "assistant": "{{ user }} is told"}

    house.build({"path": "faq.csv", "compose": compose}, privacy={"email": "redact"})

    assert "Mail [EMAIL_1]" in contents(house)


def test_two_customers_who_said_the_same_are_twins_once_redacted(tmp_path):
    rows = "".join(f"My mail is {name}@web.de please change it,Of course.\n" for name in ("jane", "bob"))
    house = House(tmp_path).write(faq_csv="question,answer\n" + rows)

    house.build(privacy={"email": "redact"})

    assert list(house.fates().values()) == ["duplicate"]


def test_a_check_finds_the_same_in_any_file_and_quotes_nothing():
    turns = [{"role": "user", "content": f"{CARD} {EMAIL}"}, {"role": "assistant", "content": KEY}]
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": json.dumps({"to": EMAIL})}}
    checked = check_examples(
        [{"messages": turns}, {"messages": [*turns[:1], {"role": "assistant", "tool_calls": [call]}]}]
    )

    found = {
        (one.code, one.where, str(one.severity))
        for one in checked.findings
        if one.code.split(".")[0] in ("private", "secret")
    }
    assert found == {
        ("private.card", "/messages/0/content", "error"),
        ("private.email", "/messages/0/content", "warning"),
        ("secret.key", "/messages/1/content", "error"),
        ("private.email", "/messages/1/tool_calls/0/function/arguments", "warning"),
    }
    assert not [one for one in checked.findings for secret in EVERY if secret in str(one)]


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "junit"])
def test_no_face_of_a_check_shows_what_was_found(tmp_path: Path, form):
    path = tmp_path / "train.jsonl"
    texts = [f"{CARD} and {EMAIL}", f"{PHONE} or {SSN}", KEY, f"postgres://app:{PASSWORD}@db.acme.io/app"]
    lines = [{"messages": [{"role": "user", "content": t}, {"role": "assistant", "content": "Yes"}]} for t in texts]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    result = CliRunner().invoke(tuneset, ["check", str(path), "--format", form, "--show", "--all"])

    assert [one for one in EVERY if one in result.output] == []
    assert "private.card" in result.output
