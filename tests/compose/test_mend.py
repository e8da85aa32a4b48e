"""Mending: broken text is repaired by name, sound text in any script comes back as the very same string."""

import json
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from ftfy import fix_encoding
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.compose.mend import _ftfy, _mojibake_hint, mend, mend_payload, mojibake_pattern
from pipeline.core.settings import MendSettings

ALL = MendSettings()
OFF = MendSettings(mojibake=False, unicode="off", control=False, whitespace=False)

SOUND = [
    pytest.param("How do I get a refund?\n\n- Order: 7\n\tindented", id="English"),
    pytest.param("« Où est-ce ? » — l’été à la française, ça coûte 12 €.", id="French"),
    pytest.param("Straße „Über den Größen“: groß – größer; 5 µm ± 2 °C", id="German"),
    pytest.param("¿Dónde está el baño? ¡Aquí! Nº 3, 2ª planta", id="Spanish"),
    pytest.param("ÂNCORA, AÇÃO e PÃO: à noite não há ônibus.", id="Portuguese capitals"),
    pytest.param("Zażółć gęślą jaźń; příliš žluťoučký kůň", id="Polish and Czech"),
    pytest.param("Где мой заказ? «США» — это А. Ещё ёж. №5", id="Russian"),
    pytest.param("Її їжак п’є. В її оці — ґанок.", id="Ukrainian"),
    pytest.param("Πού είναι; «Εδώ» — ΐ ΰ Ά", id="Greek"),
    pytest.param("我怎么才能退款？订单来得太晚了，“好的”，他说……", id="Chinese"),
    pytest.param("注文はまだですか。ｶﾀｶﾅも。", id="Japanese"),
    pytest.param("주문이 늦었어요. 환불해 주세요!", id="Korean"),
    pytest.param("كيف يمكنني استرداد أموالي؟ لا تقلق، ٣ أيام.", id="Arabic"),
    pytest.param("איפה ההזמנה שלי? \u200fשלום", id="Hebrew with a direction mark"),
    pytest.param("मैं अपना पैसा कैसे पाऊं? क्\u200dष", id="Hindi with a joiner"),
    pytest.param("எனது பணத்தை எப்படி திரும்பப் பெறுவது?", id="Tamil"),
    pytest.param("ฉันจะขอเงินคืนได้อย่างไร", id="Thai"),
    pytest.param("می\u200cخواهم", id="Persian with a non-joiner"),
    pytest.param("👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 1️⃣ 🇩🇪", id="emoji with joiners, tones, variation selectors"),
    pytest.param("def f(x):\n    return x ** 2  # ≥ 0\n\n\tif a && b: <T>&amp;", id="code"),
    pytest.param("├── src\n│   └── main.py\n─ ┼ ═", id="a tree of boxes"),
    pytest.param("(╯°□°)╯︵ ┻━┻  ¯\\_(ツ)_/¯ ಠ_ಠ", id="faces"),
    pytest.param("∑ᵢ xᵢ² ≤ ∫ f(x) dx ⇒ ∂y/∂x ≈ √2 × ½", id="mathematics"),
    pytest.param("ﬁancé “quoted” ‘it’s’ … ½ ™ ㎏ Ｆｕｌｌ", id="ligatures, quotes and widths"),
]


@pytest.mark.parametrize("text", SOUND)
def test_sound_text_is_left_alone(text: str) -> None:
    text = unicodedata.normalize("NFC", text)

    assert mend(text, ALL).text is text
    assert mend(text, ALL).repairs == frozenset()


@pytest.mark.parametrize(
    ("broken", "mended", "repairs"),
    [
        pytest.param("donâ€™t", "don’t", {"mojibake"}, id="a quote in cp1252"),
        pytest.param("SÃ£o TomÃ©", "São Tomé", {"mojibake"}, id="Portuguese in latin-1"),
        pytest.param("voilÃ  le travail", "voilà le travail", {"mojibake"}, id="a no-break space that became one"),
        pytest.param("РџСЂРёРІРµС‚", "Привет", {"mojibake"}, id="Russian in cp1251"),
        pytest.param("caf√©", "café", {"mojibake"}, id="MacRoman"),
        pytest.param("ä½\xa0å¥½", "你好", {"mojibake"}, id="Chinese in latin-1"),
        pytest.param("æ—¥æœ¬ fine\n日本 fine", "日本 fine\n日本 fine", {"mojibake"}, id="one line of two"),
        pytest.param("it\x92s", "it’s", {"mojibake"}, id="cp1252 read as latin-1"),
        pytest.param("cafe\u0301", "café", {"unicode"}, id="a letter and its accent apart"),
        pytest.param("a\x00b\x07", "ab", {"control"}, id="NUL and bell"),
        pytest.param("\ufeffHi", "Hi", {"control"}, id="a byte-order mark"),
        pytest.param("one\x0ctwo\x0bthree", "one\ntwo\nthree", {"control"}, id="page breaks break lines"),
        pytest.param("a\r\nb\rc", "a\nb\nc", {"whitespace"}, id="line ends of three systems"),
        pytest.param(" a  \n\n\n\nb\t", "a\n\nb", {"whitespace"}, id="ends, trailing spaces, blank lines"),
        pytest.param("\u3000第一\u00a0", "第一", {"whitespace"}, id="white space of other scripts"),
        pytest.param(
            "    if x:\n        y\n    z", "if x:\n    y\nz", {"whitespace"}, id="a block of code moves as one"
        ),
        pytest.param("e\x00\u0301", "é", {"control", "unicode"}, id="one repair brings another"),
    ],
)
def test_broken_text_is_repaired_by_name(broken: str, mended: str, repairs: set[str]) -> None:
    assert mend(broken, ALL) == (mended, frozenset(repairs))


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("mojibake", False, "donâ€™t"),
        ("unicode", "off", "cafe\u0301"),
        ("control", False, "a\x00b"),
        ("whitespace", False, " a \r\n"),
    ],
)
def test_every_repair_can_be_switched_off(field: str, value: object, text: str) -> None:
    assert mend(text, ALL.model_copy(update={field: value})).text == text


def test_nfkc_folds_what_nfc_leaves() -> None:
    assert mend("ﬁne Ｆｕｌｌ", MendSettings(unicode="NFKC")) == ("fine Full", frozenset({"unicode"}))


odd_text = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("\x00\x85\x92\r\n\t \u00a0\u0301\ufeffÃÂâ€™©Ð‚¬ее\u3000"),
    )
)


@given(text=odd_text)
@example("Ã\x00©")
@example("\x0b\r\n \x1c\n\n")
def test_mending_twice_is_mending_once(text: str) -> None:
    once = mend(text, ALL)

    assert mend(once.text, ALL) == (once.text, frozenset())
    assert bool(once.repairs) == (once.text != text)


@given(text=odd_text, form=st.sampled_from(["NFC", "NFKC", "off"]))
def test_mending_twice_is_mending_once_in_every_unicode_form(text: str, form: str) -> None:
    settings = MendSettings(unicode=form)

    once = mend(text, settings).text

    assert mend(once, settings).text == once


@given(text=odd_text)
def test_with_everything_off_nothing_changes(text: str) -> None:
    assert mend(text, OFF) == (text, frozenset())


@given(
    words=st.lists(
        st.sampled_from(["café", "don’t", "“so”", "São", "Привет", "Ελλάδα", "日本語", "😀", "€", "łódź", "ő"]),
        min_size=1,
    ),
    encoding=st.sampled_from(["latin-1", "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1257", "mac_roman"]),
)
def test_the_cheap_test_lets_no_mojibake_pass_that_ftfy_would_repair(words: list[str], encoding: str) -> None:
    try:
        broken = " ".join(words).encode().decode(encoding)
    except UnicodeDecodeError:
        return
    only_mojibake = OFF.model_copy(update={"mojibake": True})

    assert mend(broken, only_mojibake).text == "\n".join(fix_encoding(one, _ftfy()) for one in broken.split("\n"))


def test_only_contents_are_mended() -> None:
    payload = {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": " a "}, {"type": "image_url", "image_url": {"url": " u "}}]},
            {"role": "assistant", "tool_calls": [{"function": {"name": "f ", "arguments": '{"x": " cafe\u0301 "}'}}]},
            {"role": "tool", "content": "r\r\n"},
            "not a turn",
        ],
        "tools": [{"type": "function", "function": {"name": "f", "description": " d "}}],
    }  # fmt: skip
    before = json.dumps(payload)

    mended, repairs = mend_payload(payload, ALL)

    assert json.dumps(payload) == before
    assert mended["tools"] is payload["tools"]
    assert mended["messages"][1] is payload["messages"][1]
    assert mended["messages"][0]["content"] == [{"type": "text", "text": "a"}, payload["messages"][0]["content"][1]]
    assert mended["messages"][2]["content"] == "r"
    assert repairs == {"whitespace"}


def test_all_three_sides_of_a_preference_pair_are_mended() -> None:
    turn = [{"role": "user", "content": " x"}]
    payload = {"input": {"messages": turn}, "preferred_output": turn, "non_preferred_output": turn}
    clean = [{"role": "user", "content": "x"}]

    assert mend_payload(payload, ALL)[0] == {
        "input": {"messages": clean}, "preferred_output": clean, "non_preferred_output": clean,
    }  # fmt: skip


def test_a_sound_payload_comes_back_as_the_same_object() -> None:
    payload = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": None}]}

    assert mend_payload(payload, ALL)[0] is payload


HTML = MendSettings(html=True)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<p>Hello <b>you</b>,</p><p>bye.</p>", "Hello you,\n\nbye.", id="paragraphs and bold"),
        pytest.param("one<br>two<br/>three", "one\ntwo\nthree", id="line breaks"),
        pytest.param("<ul><li>a</li><li>b</li></ul>", "- a\n- b", id="lists"),
        pytest.param("Tom &amp; Jerry &lt;3", "Tom & Jerry <3", id="entities"),
        pytest.param("<script>evil()</script><style>p{}</style>Hi<!-- no -->", "Hi", id="what is not seen"),
        pytest.param("<pre>def f():\n    return 1</pre>", "def f():\n    return 1", id="code keeps its lines"),
        pytest.param("<div>a</div><div>b</div>", "a\nb", id="blocks"),
        pytest.param("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc", id="tables"),
        pytest.param("a\n  b <i>c</i>", "a b c", id="line feeds of the source are spaces"),
        pytest.param("<html><head><title>T</title></head><body>B</body></html>", "B", id="a whole document"),
    ],
)
def test_html_becomes_what_its_reader_reads(html: str, text: str) -> None:
    mended = mend(html, HTML)

    assert mended.text == text
    assert "html" in mended.repairs


@pytest.mark.parametrize("text", ["a < b and c > d", "x<y", "AT&T & co", "I <3 you", "1 << 2"])
def test_what_is_no_html_is_left_alone(text: str) -> None:
    assert mend(text, HTML).text is text


def test_html_stays_unless_asked() -> None:
    assert mend("<p>Hi</p>", ALL).text == "<p>Hi</p>"


@given(st.text(alphabet="<>/&;#apbr divscript!-\"'= \n\x00é"))
def test_no_html_whatever_breaks_the_mender(text: str) -> None:
    assert isinstance(mend(text, HTML).text, str)


def test_html_nested_deeper_than_python_calls_may_is_read() -> None:
    assert mend("<div>" * 5000 + "x" + "</div>" * 5000, HTML).text.strip() == "x"


@given(st.text("ÂÃâéÐ³√┬ΓÇ\xa0\x80€™…“ a字", max_size=4))
def test_arrow_sees_the_same_signs_of_mojibake_as_we_do(text: str) -> None:
    found = pc.match_substring_regex(pa.array([text]), mojibake_pattern())

    assert found.to_pylist() == [_mojibake_hint().search(text) is not None]
