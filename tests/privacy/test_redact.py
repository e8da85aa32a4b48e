"""Redaction: everything asked for goes, alike throughout a conversation, and nothing else changes."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.compose.pseudonyms import pseudonym
from pipeline.compose.redact import Redact
from pipeline.core.errors import MissingExtra, PlanError
from pipeline.core.private import looks_private, masked, search
from pipeline.core.private.places import changed
from pipeline.core.settings import PrivacySettings

KINDS = ("email", "phone", "ip", "iban", "card", "national")
SECRETS = ("gh" + "p_h8Kq2LmZ9xRtV4wYb7NcJ3dPf6GsA1eUoT5i", "postgres://app:h8Kq2LmZ9x@db.acme.io/app")
PRIVATE = (
    *("jane.doe@gmail.com", "Jane.Doe@Gmail.com", "bob@web.de", "+44 7911 123 497", "(212) 736-5000", "03.93.92.16.85"),
    *("4539 1488 0343 6467", "4539148803436467", "DE12 5001 0517 0648 4898 90", "536-22-8726", "X5438276H"),
    *("91.198.174.192", "2a02:ec80:300:ed1a::1", "SSN 536228726", "phone 9877758862", "390.533.447-05", *SECRETS),
)
WORDS = (
    "Hi",
    "call",
    "my card",
    "at",
    "and",
    "12",
    "3.5",
    "[EMAIL_1]",
    "[EMAIL_7]",
    "example",
    ",",
    ".",
    "(",
    "\n",
    "é",
    "{",
    "ü:",
)
TEXTS = st.lists(st.sampled_from((*PRIVATE, *WORDS)), max_size=8).map(" ".join)
VALUES = st.recursive(
    TEXTS | st.integers() | st.sampled_from([4539148803436467, 9877758862, None, True, 1.5]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["to", "card", "phone", "ssn", "x@web.de"]), inner, max_size=3)
    ),
    max_leaves=8,
)
ARGUMENTS = st.dictionaries(st.sampled_from(["to", "card", "phone", "note"]), VALUES, max_size=3).flatmap(
    lambda value: st.sampled_from([json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)])
)
PATIENT = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def conversations(draw):
    turns = [{"role": "user", "content": draw(TEXTS)}, {"role": "assistant", "content": draw(TEXTS | ARGUMENTS)}]
    if draw(st.booleans()):
        call = {"id": "call_1", "type": "function", "function": {"name": "send", "arguments": draw(ARGUMENTS)}}
        turns += [
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": draw(TEXTS)},
        ]
    if draw(st.booleans()):
        turns.append({"role": "user", "content": [{"type": "text", "text": draw(TEXTS)}]})
    return {"messages": turns}


def policy(action, **others):
    secret = action if action in ("redact", "off") else "redact"
    return PrivacySettings(**{**dict.fromkeys(KINDS, action), "secret": secret, **others})


def redact(payload, action="redact", **others):
    return Redact(policy(action, **others), salt="a long random text")(payload)


def say(*texts):
    return {"messages": [{"role": "user", "content": text} for text in texts]}


def said(payload):
    return [turn["content"] for turn in payload["messages"]]


def places(payload):
    found = []
    changed(payload, lambda where, text, before: (found.extend(search(text, before=before)), text)[1])
    return found


@PATIENT
@given(conversations(), st.sampled_from(["redact", "pseudonymise"]))
def test_nothing_that_would_be_found_is_left(payload, action):
    assert places(redact(payload, action).payload) == []


@PATIENT
@given(conversations(), st.sampled_from(["redact", "pseudonymise"]))
def test_redacting_twice_changes_nothing_more(payload, action):
    once = redact(payload, action).payload

    assert redact(once, action) == (once, frozenset(), ())


@PATIENT
@given(conversations(), st.sampled_from(["redact", "pseudonymise"]))
def test_arguments_stay_json_of_the_same_keys(payload, action):
    new = redact(payload, action).payload

    for before, after in zip(payload["messages"], new["messages"], strict=True):
        for old, call in zip(before.get("tool_calls", []), after.get("tool_calls", []), strict=True):
            old_value, value = json.loads(old["function"]["arguments"]), json.loads(call["function"]["arguments"])
            assert list(old_value) == list(value)


@PATIENT
@given(st.lists(st.sampled_from(WORDS) | st.text(alphabet='abc ÄÖ{}[]":,\n', max_size=20), max_size=8).map(" ".join))
def test_a_text_without_private_data_is_the_very_same(text):
    payload = say(text, "{}", "Hello")

    assert redact(payload).payload is payload


@PATIENT
@given(TEXTS)
def test_a_mask_leaves_nothing_to_find(text):
    every = frozenset((*KINDS, "secret"))
    result = masked(text, every)

    assert search(result) == []


def test_of_numbers_that_read_anew_when_one_is_gone_none_is_left():
    number = "+44 7911 123 497"
    text = f"{number} 03.93.92.16.85 {number} {number} (212) 736-5000 {number}"

    assert search(masked(text, frozenset((*KINDS, "secret")))) == []


def test_the_same_address_is_the_same_placeholder_across_turns():
    done = redact(say("I am jane@web.de", "Hello jane@web.de and bob@web.de", "JANE@web.de again"))

    assert said(done.payload) == ["I am [EMAIL_1]", "Hello [EMAIL_1] and [EMAIL_2]", "[EMAIL_1] again"]
    assert done.notes == {"redacted-email"}
    assert done.counts == (("email", 4),)


def test_spellings_of_one_number_are_the_same():
    done = redact(say("4539 1488 0343 6467", "my card 4539148803436467", "+44 7911 123 497 or 0044 7911 123497"))

    assert said(done.payload) == ["[CARD_1]", "my card [CARD_1]", "[PHONE_1] or [PHONE_1]"]


def test_a_placeholder_that_stands_in_the_source_is_not_given_to_another():
    assert said(redact(say("[EMAIL_1] wrote to jane@web.de")).payload) == ["[EMAIL_1] wrote to [EMAIL_2]"]


def test_only_kinds_that_are_asked_for_are_redacted():
    done = redact(say("jane@web.de, 4539148803436467"), "report", card="redact")

    assert said(done.payload) == ["jane@web.de, [CARD_1]"]
    assert done.counts == (("card", 1), ("email", 1))


def test_arguments_keep_their_spelling_but_for_what_is_private():
    arguments = '{ "to":"jane@web.de",  "card": 4539148803436467, "n": 1.50, "caf\\u00e9": "x" }'
    call = {"id": "jane@web.de", "type": "function", "function": {"name": "send", "arguments": arguments}}

    new = redact({"messages": [{"role": "assistant", "tool_calls": [call]}]}).payload["messages"][0]["tool_calls"][0]

    assert new["function"]["arguments"] == '{ "to":"[EMAIL_1]",  "card": "[CARD_1]", "n": 1.50, "caf\\u00e9": "x" }'
    assert new["id"] == "jane@web.de"


def test_a_key_of_the_arguments_is_context_for_its_value():
    call = {
        "id": "c",
        "type": "function",
        "function": {"name": "f", "arguments": '{"phone_number": "9877758862", "n": 9877758862}'},
    }

    new = redact({"messages": [{"role": "assistant", "tool_calls": [call]}]}).payload

    assert (
        new["messages"][0]["tool_calls"][0]["function"]["arguments"] == '{"phone_number": "[PHONE_1]", "n": 9877758862}'
    )


def test_an_answer_in_json_stays_json():
    assert said(redact(say('{"card": 4539148803436467}')).payload) == ['{"card": "[CARD_1]"}']


def test_what_breaks_off_as_json_is_text():
    assert said(redact(say('{"to": "jane@web.de')).payload) == ['{"to": "[EMAIL_1]']


def test_images_roles_and_ids_are_not_searched():
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAAjane@web.deAAAA"}}
    payload = {"messages": [{"role": "user", "content": [part], "name": "jane"}]}

    assert redact(payload).payload is payload


FAKES = {
    "email": ("jane@web.de", "@example.com"),
    "phone": ("+44 7911 123 497", "-555-01"),
    "ip": ("91.198.174.192", "."),
    "card": ("4539 1488 0343 6467", "0"),
    "iban": ("DE12 5001 0517 0648 4898 90", "DE00"),
    "national": ("536-22-8726", ""),
}


@pytest.mark.parametrize(("kind", "text", "mark"), [(k, *v) for k, v in FAKES.items()], ids=FAKES.keys())
def test_a_fake_is_stable_no_ones_and_moves_with_the_salt(kind, text, mark):
    first, again, other = (Redact(policy("pseudonymise"), salt=salt)(say(text)).payload for salt in ("a", "a", "b"))

    assert first == again != other
    assert mark in said(first)[0]
    assert said(first)[0] != text
    assert not looks_private(said(first)[0])


@given(st.lists(st.from_regex(r"[a-z]{3,8}@[a-z]{4,9}\.de", fullmatch=True), min_size=2, max_size=20, unique=True))
@PATIENT
def test_different_people_have_different_fakes(addresses):
    found = [search(address)[0] for address in addresses if search(address)]

    assert len({pseudonym(one, "salt") for one in found}) == len(found)


def test_fakes_without_a_salt_are_refused_with_what_to_do():
    with pytest.raises(PlanError, match=r"`privacy.email = \"pseudonymise\"` needs a secret: set TUNESET_SALT"):
        Redact(PrivacySettings(email="pseudonymise"))


def test_the_salt_is_in_no_representation():
    assert "s3cret" not in repr(Redact(PrivacySettings(), salt="s3cret"))


def test_secrets_have_no_fakes():
    with pytest.raises(ValueError, match="secret"):
        PrivacySettings(secret="pseudonymise")


def people(text):
    """Stand in for presidio: Jane and Bob are names."""
    return [(text.find(name), text.find(name) + len(name)) for name in ("Jane Roe", "Bob") if name in text]


def test_names_are_redacted_by_whoever_finds_them():
    done = Redact(PrivacySettings(name="redact", email="redact"), names=people)(
        say("I am Jane Roe", "Bob: hi Jane Roe")
    )

    assert said(done.payload) == ["I am [NAME_1]", "[NAME_2]: hi [NAME_1]"]
    assert done.notes == {"redacted-name"}


def test_a_name_in_an_address_is_the_addresss():
    done = Redact(PrivacySettings(name="redact", email="redact"), names=people)(say("Bob@web.de"))

    assert said(done.payload) == ["[EMAIL_1]"]


def test_without_presidio_the_extra_is_named(monkeypatch):
    from pipeline.compose import names

    monkeypatch.setattr(names, "find_spec", lambda _name: None)

    with pytest.raises(MissingExtra, match=r"tuneset\[names\]"):
        names.demand()


def test_without_a_model_the_download_is_named(monkeypatch):
    from pipeline.compose import names

    monkeypatch.setattr(names, "find_spec", lambda name: name == "presidio_analyzer" or None)

    with pytest.raises(MissingExtra, match="spacy download en_core_web_sm"):
        names.demand()
