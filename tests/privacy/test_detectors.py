"""Each detector finds its own in every usual spelling, and nothing where only the shape is alike."""

import json
import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.private import changed, detectors, found_by, is_clean, search, suspects
from pipeline.core.private.kinds import phone
from pipeline.core.private.search import _texts

TAIL = "h8Kq2LmZ9xRtV4wYb7NcJ3dPf6GsA1eUoT5iM0"
"""Made up. The samples below are put together here, so that no scanner takes this file for a leak."""


def key(prefix, length, letters=TAIL):
    return prefix + (letters * 8)[:length]


PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{TAIL}MIICdQIBADANBgkqhkiG9w0BAQEF\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI4ODIxIn0.q7Zk3Vv0yTn2sWc9LrB4xJd8HfMpQe1"
SAS = "https://acme.blob.core.windows.net/a?sv=2022-11-02&sp=r&sig=kZ8v3Q%2Bm1T9xY7bR2cW5nL0pJ4hD6fGs8eUaK1oI3yE%3D"

FOUND = {
    "private.email": {
        "plain": ("Write to jane.doe@gmail.com today", "jane.doe@gmail.com"),
        "tag": ("jane+shop@mail.co.uk", "jane+shop@mail.co.uk"),
        "end of a sentence": ("It is jane@web.de.", "jane@web.de"),
        "angle brackets": ("Jane <jane@web.de>", "jane@web.de"),
        "letters with accents": ("josé@correo.es", "josé@correo.es"),
        "mailto": ("mailto:jane@web.de", "jane@web.de"),
        "sub-domains": ("jane@cs.uni.ac.uk,", "jane@cs.uni.ac.uk"),
    },
    "private.phone": {
        "international": ("Call +44 7911 123 497", "+44 7911 123 497"),
        "with 00": ("at 0049 30 901820 now", "0049 30 901820"),
        "trunk zero in brackets": ("+41 (0)71 526 99 04", "+41 (0)71 526 99 04"),
        "American": ("(212) 736-5000", "(212) 736-5000"),
        "American with dots": ("212.736.5000", "212.736.5000"),
        "extension": ("212-736-5000x12", "212-736-5000x12"),
        "toll free": ("1-800-692-7753", "1-800-692-7753"),
        "French": ("le 03.93.92.16.85", "03.93.92.16.85"),
        "British": ("0161 496 1234 is taken", "0161 496 1234"),
        "Australian": ("(08) 8747 6301", "(08) 8747 6301"),
        "words about telephones": ("my phone number is 9877758862", "9877758862"),
        "a word without a space": ("電話9877758862", "9877758862"),
        "words in Spanish": ("mi teléfono es 655 437 108", "655 437 108"),
        "no-break spaces": ("+33\u00a06\u00a012\u00a087\u00a056\u00a078", "+33\u00a06\u00a012\u00a087\u00a056\u00a078"),
    },
    "private.ip": {
        "version four": ("from 91.198.174.192 at noon", "91.198.174.192"),
        "in an address": ("http://91.198.174.192:8080/", "91.198.174.192"),
        "small numbers beside their name": ("the IP 5.9.17.3 is slow", "5.9.17.3"),
        "version six": ("2a02:ec80:300:ed1a::1", "2a02:ec80:300:ed1a::1"),
        "version six in full": ("6e40:4041:c617:e898:c11:40d2:c669:2eb4", "6e40:4041:c617:e898:c11:40d2:c669:2eb4"),
    },
    "private.card": {
        "Visa": ("4539148803436467", "4539148803436467"),
        "groups of four": ("4539 1488 0343 6467", "4539 1488 0343 6467"),
        "dashes": ("4539-1488-0343-6467", "4539-1488-0343-6467"),
        "Mastercard": ("5425 2334 3010 9911", "5425 2334 3010 9911"),
        "Mastercard of series 2": ("2720 9911 2345 6787", "2720 9911 2345 6787"),
        "Amex": ("3755 569179 85515", "3755 569179 85515"),
        "thirteen digits beside a word": ("my card 4047737215142", "4047737215142"),
        "Maestro beside a word": ("credit card 503802053770", "503802053770"),
    },
    "private.iban": {
        "German": ("DE12500105170648489890", "DE12500105170648489890"),
        "in groups": ("to DE12 5001 0517 0648 4898 90 please", "DE12 5001 0517 0648 4898 90"),
        "British in lower case": ("gb42nawi04454264788619", "gb42nawi04454264788619"),
    },
    "private.national": {
        "American": ("536-22-8726", "536-22-8726"),
        "American without dashes beside its name": ("SSN 536228726", "536228726"),
        "French": ("1 85 05 78 006 084 91", "1 85 05 78 006 084 91"),
        "German beside its name": ("Steuer-ID 36 574 261 809", "36 574 261 809"),
        "Spanish": ("54362315-K", "54362315-K"),
        "Spanish of residents": ("X5438276H", "X5438276H"),
        "Italian": ("RCCMNL83S18D969H", "RCCMNL83S18D969H"),
        "Brazilian": ("390.533.447-05", "390.533.447-05"),
        "Brazilian firm": ("16.727.230/0001-97", "16.727.230/0001-97"),
        "Dutch beside its name": ("BSN 232262536", "232262536"),
        "British insurance": ("JG 10 37 59 A", "JG 10 37 59 A"),
        "British health beside its name": ("NHS 943 476 5870", "943 476 5870"),
        "Swiss": ("756.1234.5678.97", "756.1234.5678.97"),
        "Finnish": ("131052-308T", "131052-308T"),
    },
    "secret.key": {
        "AWS": (key("AKIA", 16, "Q7ZK3VYTN2SWCLRB"), None),
        "GitHub": (key("ghp_", 36), None),
        "GitHub, fine-grained": (key("github_pat_", 82), None),
        "GitLab": (key("glpat-", 20), None),
        "OpenAI": (key("sk-proj-", 120), None),
        "OpenAI of old": (key("sk-", 20) + "T3BlbkFJ" + TAIL[:20], None),
        "Anthropic": (key("sk-ant-api03-", 95), None),
        "Slack": (key("xoxb-2736519284-", 24), None),
        "Slack hook": ("https://" + key("hooks.slack.com/services/T9K2LMZ4X/B7NCJ3DP6/", 24), None),
        "Stripe": (key("sk_live_", 24), None),
        "Google": (key("AIza", 35), None),
        "Hugging Face": (key("hf_", 34, "UiOpLkJhGfDsAzXcVbNmPlOkIjUhTgRfEd"), None),
        "npm": (key("npm_", 36), None),
        "PyPI": (key("pypi-AgEIcHlwaS5vcmc", 80), None),
        "SendGrid": (key("SG.", 22) + "." + (TAIL * 2)[:43], None),
        "Twilio": (key("SK", 32, "9f3b7c1d2e8a4056"), None),
        "Telegram": (key("7281930465:AA", 33), None),
        "behind an equals sign": ("OPENAI_API_KEY=" + key("sk-proj-", 120), key("sk-proj-", 120)),
        "in quotes": (f'key = "{key("ghp_", 36)}"', key("ghp_", 36)),
    },
    "secret.private-key": {
        "PEM": (PEM, PEM),
        "PEM in a string of code": (PEM.replace("\n", "\\n"), PEM.replace("\n", "\\n")),
        "PEM that breaks off": (PEM[:70], PEM[:70]),
    },
    "secret.password": {
        "in an address": ("postgres://app:h8Kq2LmZ9x@db.acme.io/app", "h8Kq2LmZ9x"),
        "in fields": ("Server=db;Database=a;User Id=sa;Password=h8Kq2LmZ9x;", "h8Kq2LmZ9x"),
        "of a service bus": ("Endpoint=sb://x/;SharedAccessKey=" + key("", 43) + "=", key("", 43) + "="),
    },
    "secret.token": {
        "JWT": (f"Bearer {JWT}", JWT),
        "Azure SAS": (SAS, SAS.partition("sig=")[2]),
    },
}
CASES = [(code, *case) for code, cases in FOUND.items() for case in cases.values()]
IDS = [f"{code}-{name}" for code, cases in FOUND.items() for name in cases]

CLEAN = {
    "example address": "Write to jane@example.com, you@yourdomain.com or me@mail.example.org",
    "git host": "git clone git@github.com:acme/tool.git",
    "image of double size": "icon@2x.png and logo@3x.jpg",
    "matrix product": "y = x@w.T + a@b.transpose()",
    "decorator": "@app.route('/') @property",
    "user of a chat room": "=== jane [~jane@p5482.dip.dial.net] has joined",
    "mention": "thanks @jane.doe and @bob",
    "long sums": "123456789 + 987654321 = 1111111110; 2,500,000 - 1,250,000",
    "decimals": "pi is 3.14159265358979 and 0.0072973525693",
    "gsm8k": "He pays 48/2 = <<48/2=24>>24 in 2020-2021, so 24 48 72 96 120",
    "dates": "2024-01-02, 01.02.2024, 2024/01/02 12:30:45, 1999-2004",
    "hex": "01 02 03 04 05 06 07 08 0a ff",
    "hash": "d41d8cd98f00b204e9800998ecf8427e da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "isbn": "ISBN 978-3-16-148410-0 and 0-306-40615-2",
    "time in milliseconds": "1700000000123 and 1700000000",
    "order number": "my order number is 4711081512 and the tracking number 784512369854",
    "identification of a firm": "our tax identification number is 64-6221541, or identification\nnumber is 64-6221541",
    "fiction": "Call 212-555-0123, (020) 7946 0958 or 07700 900123",
    "fingers on keys": "phone 123-456-7890, tel 5551234567, call 867-5309",
    "version": "Version 91.0.4472.12, v5.17.2.1, chapter 3.2.1.4, release 12.4.1.3",
    "local networks": "127.0.0.1 10.1.2.3 192.168.1.10 172.16.5.4 169.254.1.1 ::1 fe80::1",
    "documentation networks": "192.0.2.1 198.51.100.7 203.0.113.9 2001:db8::1 8.8.8.8 1.1.1.1",
    "masks": "255.255.255.0 and 0.0.0.0 and 224.0.0.1",
    "scope": "std::chrono::abc, a::b::c, 12:34:56",
    "hardware address": "00:1b:63:84:45:e6",
    "test cards": "4111 1111 1111 1111, 4242424242424242, 5555555555554444, 378282246310005",
    "wrong checksum": "4539148803436468 and DE12500105170648489891",
    "number of chance": "sequence 7281930465728193 and 9999888877776666",
    "bar code": "4006381333931",
    "published accounts": "DE89 3704 0044 0532 0130 00, GB82 WEST 1234 5698 7654 32",
    "textbook numbers": "SSN 123-45-6789, 078-05-1120, 000-12-3456, DNI 12345678Z, CPF 123.456.789-09",
    "nine digits without a name": "111222333 and 536228726",
    "example keys": "AKIAIOSFODNN7EXAMPLE sk-... sk-your-key-here ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "kebab case": "task-scheduler-for-the-rest-of-us, sk-learn-pipelines-and-other-things",
    "head of a key": "The file begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----",
    "passwords of documentation": "postgres://user:password@localhost/db redis://:${PASS}@h:1 mysql://root:root@127.0.0.1/x",
    "time in an address": "http://host:8080/a@b and https://en.wikipedia.org/wiki/User:Jane@home",
    "no token": "eyJhbGci... and eyJmb28iOiJiYXIifQ.eyJmb28iOiJiYXIifQ.0123456789012345678901",
}


@pytest.mark.parametrize(("code", "text", "part"), CASES, ids=IDS)
def test_what_is_private_is_found_to_the_letter(code, text, part):
    found = [one for one in search(text) if one.by.code == code]

    assert [text[one.start : one.end] for one in found] == [part or text.removeprefix("https://")]


@pytest.mark.parametrize("text", CLEAN.values(), ids=CLEAN.keys())
def test_what_only_looks_alike_is_left_alone(text):
    assert [(one.by.code, text[one.start : one.end]) for one in search(text)] == []


@pytest.mark.parametrize(("code", "text", "part"), CASES, ids=IDS)
def test_the_first_look_misses_nothing(code, text, part):
    one = next(one for one in detectors() if one.code == code)
    line = json.dumps({"content": text}, ensure_ascii=False)

    assert is_suspected(one, line)
    assert list(suspects(pa.array([None, "{}", line]))) == [2]


@pytest.mark.parametrize(
    "said",
    [
        'tel" 9877758862',
        "tel\\nie 9877758862",
        "phone \x01 9877758862",
        "tel\x01 9877758862",
        "tel\n9877758862",
    ],
    ids=["quote", "backslash", "control character", "escape at its end", "line break"],
)
@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("is_ascii", [True, False])
def test_a_telephone_number_is_suspected_behind_whatever_escapes(said, depth, is_ascii):
    line = said
    for _ in range(depth):
        line = json.dumps({"a": ["b", line]}, ensure_ascii=is_ascii)
    line = json.dumps({"messages": [{"role": "user", "content": line}]}, ensure_ascii=False)
    (one,) = {found.by for _, found in found_in(line)}

    assert one.code == "private.phone"
    assert is_suspected(one, line)


@pytest.mark.parametrize(
    "value", ["{key: 9877758862}", "{key :[1,9877758862,2]}", "{key:\n[1, 'no', 'so (987) 7758862']}"]
)
def test_a_telephone_number_is_suspected_anywhere_behind_a_key_that_names_it(value):
    arguments = value.replace("key", '"my_phone"').replace("'", '"')
    line = json.dumps({"messages": [{"role": "user", "content": arguments}]})
    (one,) = {found.by for _, found in found_in(line)}

    assert is_suspected(one, line)


def is_suspected(one, line):
    return all(pc.match_substring_regex(pa.array([line]), pattern)[0].as_py() for pattern in (one.hint, *one.closer))


WORDS = st.sampled_from(
    [
        "phone",
        "Tel.",
        "tel",
        "my number is",
        "call me at",
        "texted",
        "whatsapp",
        "MOBİLE",
        "телефон",
        "ssn",
        "SSN:",
        "ıdentity",
        "nif",
        "tax",
        "id",
        "nhs",
        "aadhaar",
    ]
)
APART = st.text(st.sampled_from(" \n\t\"\\'():,;-_./\u00a0é"), max_size=4)
PARTS = [part or text for _, text, part in CASES]
DIGITS = st.lists(st.from_regex(r"\A\+?\(?[0-9]{1,4}\)?\Z"), min_size=2, max_size=6).flatmap(
    lambda groups: st.sampled_from([" ", "-", ".", "", "\u00a0", ") ("]).map(lambda gap: gap.join(groups))
)
PIECES = st.one_of(WORDS, APART, DIGITS, st.sampled_from(PARTS), st.just(" "))


def found_in(line):
    return [(where, found) for where, text, before in _texts(line) for found in search(text, before=before)]


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(st.lists(PIECES, max_size=6).map("".join), max_size=4), key=WORDS)
def test_each_detector_is_told_what_is_its_own(texts, key):
    turns = [{"role": "user", "content": text} for text in texts]
    calls = [{"role": "assistant", "tool_calls": [{"arguments": json.dumps({key: text})}]} for text in texts[:1]]

    for line in (json.dumps({"messages": turns}), json.dumps({"messages": turns + calls}, ensure_ascii=False)):
        for one in detectors():
            assert list(found_by(line, one)) == [told for told in found_in(line) if told[1].by is one]


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(st.lists(PIECES, max_size=6).map("".join), min_size=1, max_size=4), key=WORDS)
def test_a_plain_conversation_is_clean_where_nothing_is_found(texts, key):
    turns = [{"role": "user", "content": text} for text in (*texts, json.dumps({key: texts[:1]}))]
    line = json.dumps({"messages": turns})

    assert is_clean(line, detectors()) == (not found_in(line))
    assert not is_clean(json.dumps({"messages": turns, "tools": []}), detectors())


@settings(max_examples=300, deadline=None)
@given(text=st.lists(PIECES, max_size=8).map("".join), key=WORDS)
def test_nothing_found_in_any_text_or_argument_is_missed_by_the_first_looks(text, key):
    arguments = json.dumps({key.replace(" ", "_"): text}, ensure_ascii=False)
    turns = [{"role": "user", "content": text}, {"role": "assistant", "tool_calls": [{"arguments": arguments}]}]
    line = json.dumps({"messages": turns}, ensure_ascii=False)

    assert {found.by.code for _, found in found_in(line)} <= {
        one.code for one in detectors() if is_suspected(one, line)
    }


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(st.lists(PIECES, max_size=6).map("".join), max_size=6), number=st.sampled_from([1, 20]))
def test_every_line_in_which_something_is_found_is_suspected(texts, number):
    lines = [json.dumps({"messages": [{"content": text}]}, ensure_ascii=False) for text in texts] * number

    assert {index for index, line in enumerate(lines) if found_in(line)} <= set(suspects(pa.array(lines, pa.string())))


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(st.lists(PIECES, max_size=6).map("".join), max_size=6), is_ascii=st.booleans())
def test_those_who_are_asked_of_a_suspected_line_find_what_all_would(texts, is_ascii):
    lines = [json.dumps({"messages": [{"content": text}]}, ensure_ascii=is_ascii) for text in texts]
    asked = suspects(pa.array(lines, pa.string()))

    assert [search(text, among=asked.get(row, ())) for row, text in enumerate(texts)] == [*map(search, texts)]


@settings(max_examples=300, deadline=None)
@given(text=st.lists(PIECES, max_size=8).map("".join))
def test_no_look_at_what_a_telephone_number_holds_hides_one(text):
    with pytest.MonkeyPatch.context() as patch:
        for look in ("GROUPED", "ABROAD", "AMERICAN", "AT_HOME"):
            patch.setattr(phone, look, re.compile(""))
        every = list(phone.find(text))

    assert every == list(phone.find(text))


@settings(max_examples=300, deadline=None)
@given(before=st.lists(PIECES, max_size=4).map("".join), gap=st.text(st.sampled_from("a (:.\n1"), max_size=26))
def test_a_word_about_telephones_is_seen_wherever_it_may_stand(before, gap):
    whole = (before + gap)[-phone.REACH :]

    assert phone._is_announced(whole) == bool(phone.CONTEXT.search(whole))


def test_few_lines_that_hold_nothing_are_suspected():
    lines = [f'{{"content": "order {10**6 + number} of 2024-01-02"}}' for number in range(1000)]

    assert not suspects(pa.array(lines))


def test_a_found_thing_does_not_show_itself():
    found = search("Write to jane.doe@gmail.com")

    assert repr(found) == "[Found(private.email, 9, 27)]"


def test_one_place_is_one_finding():
    text = "postgres://app:h8Kq2LmZ9x@db.acme.io/app, card 4539 1488 0343 6467, call +44 7911 123 497"

    assert [one.by.code for one in search(text)] == ["secret.password", "private.card", "private.phone"]


def test_every_code_has_its_own_file_rank_and_label():
    every = detectors()

    assert len({one.code for one in every}) == len({one.label for one in every}) == len({one.rank for one in every})
    assert all(re.fullmatch(r"[A-Z_]+", one.label) for one in every)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["Hi", "", "data:,x", '{"phone": "1", "n": 12345678}', '["a"]', "{", "\u00e9", "\ud800", "[[1]]"]
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_the_texts_of_a_plain_example_are_those_of_any(said, has_more):
    more = {"note": "Ho"} if has_more else {}
    payload = json.dumps({"messages": [{"role": "user", "content": text} for text in said], **more})
    seen = []
    changed(json.loads(payload), lambda where, text, before: (seen.append((where, text, before)), text)[1])

    assert tuple(seen) == _texts(payload)
