"""Bytes become text: what a file is in, and what becomes of bytes that are no text."""

import pytest

from pipeline.read import find, look, notes
from pipeline.read.encoding import detect
from tests.read.conftest import Desk

TEXTS = {
    "french": "Le garçon déjà vu a été élevé à Besançon ; où êtes-vous, mère ? L'été, ça va bien — naïveté. ",
    "german": "Die Prüfung für Größe und Übermut: schöne Grüße aus München, ein süßes Mädchen läuft über die Straße. ",
    "russian": "Добрый день, как я могу вернуть заказ? Пожалуйста, напишите нам номер заказа, и мы вернём деньги. ",
    "korean": "안녕하세요, 주문을 취소하고 싶습니다. 환불은 얼마나 걸리나요? 감사합니다. ",
    "simplified": "您好，请问我怎样才能取消订单？退款需要多长时间？谢谢您的帮助。我们会尽快处理。",
    "traditional": "您好，請問我怎樣才能取消訂單？退款需要多長時間？謝謝您的幫助。我們會盡快處理。",
    "japanese": "こんにちは、注文をキャンセルしたいのですが、返金にはどのくらいかかりますか。ありがとうございます。",
    "polish": "Zażółć gęślą jaźń. Proszę podać numer zamówienia, żebyśmy mogli zwrócić pieniądze. Dziękuję bardzo. ",
    "greek": "Καλημέρα, πώς μπορώ να ακυρώσω την παραγγελία μου; Ευχαριστώ πολύ για τη βοήθεια. ",
    "quoted": "Open “My account” or “my orders”, choose it, and don’t wait. ",
    "quoted german": "Er sagte „Wort“, und sie „ja“. ",
    "italian": "Lunedì e martedì, perché è così: la città è già più bella. ",
    "spanish": "El día está aquí, ¿qué más? Mañana también. ",
    "turkish": "Merhaba, siparişimi nasıl iptal edebilirim? İade ne kadar sürer? Teşekkür ederim, çok sağ olun. ",
}
CASES = [
    *(
        ("french", name)
        for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "cp1252", "mac-roman")
    ),
    *(("german", name) for name in ("utf-8", "latin-1", "cp1252", "mac-roman", "utf-32-be", "utf-32")),
    *(("russian", name) for name in ("utf-8", "cp1251", "koi8-r", "cp866", "utf-16-le")),
    *(("korean", name) for name in ("cp949", "euc-kr", "utf-16-be")),
    *(("simplified", name) for name in ("gb18030", "gbk", "utf-16-le", "utf-8")),
    *(("traditional", name) for name in ("big5", "utf-16-be")),
    *(("japanese", name) for name in ("shift-jis", "euc-jp", "utf-8-sig")),
    *(("polish", name) for name in ("cp1250", "iso8859-2")),
    *((language, name) for language in ("quoted", "quoted german") for name in ("cp1252", "mac-roman")),
    *((language, name) for language in ("italian", "spanish") for name in ("cp1252", "mac-roman", "cp850")),
    ("greek", "cp1253"),
    ("turkish", "cp1254"),
]


@pytest.mark.parametrize(("language", "encoding"), CASES)
def test_the_encoding_is_found(desk: Desk, language: str, encoding: str) -> None:
    content = ("question;answer\n" + f'"{TEXTS[language]}";"1"\n' * 5).encode(encoding, "ignore")
    expected = TEXTS[language].encode(encoding, "ignore").decode(encoding).removeprefix("\ufeff")

    assert [expected] * 5 == [record["question"] for record in desk.read("faq.csv", content)]


def test_one_foreign_byte_after_a_megabyte_of_ascii_counts(desk: Desk) -> None:
    content = b"question,answer\n" + b"a,b\n" + (b"x" * 99 + b",b\n") * 11_000 + b"caf\xe9,d\n"
    desk.lay("faq.csv", content)

    assert '{"question":"café","answer":"d"}' == desk.table("faq.csv")[-1]["record"]


def test_a_guess_from_few_bytes_says_so(desk: Desk) -> None:
    path = desk.lay("faq.csv", b"question,answer\ncaf\xe9,d\n")
    (note,) = notes(find("desk", "faq.csv", root=desk.root))

    assert str(note).startswith("faq.csv: read as cp1252: only 1 of its bytes not ASCII")
    assert "cp1252" == look(path).plan["encoding"]


def test_the_plan_overrides_the_guess(desk: Desk) -> None:
    content = "question,answer\nЗаказ,да\n".encode("koi8-r")

    assert "Заказ" == desk.read("faq.csv", content, encoding="koi8-r")[0]["question"]


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "UTF8"])
def test_a_mark_at_the_beginning_is_no_text_whatever_the_plan_says(desk: Desk, name: str) -> None:
    assert [{"a": "1", "b": "2"}] == desk.read("faq.csv", "\ufeffa,b\n1,2\n", encoding=name)


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le"])
def test_a_given_wide_encoding_is_read_with_and_without_its_mark(desk: Desk, name: str) -> None:
    assert [{"a": "1", "b": "é"}] == desk.read("faq.csv", "a,b\n1,é\n".encode("utf-16"), encoding=name)
    assert [{"a": "1", "b": "é"}] == desk.read("faq.csv", "a,b\n1,é\n".encode("utf-16-le"), encoding=name)


def test_bytes_that_are_no_text_cost_their_row_alone_and_are_kept(desk: Desk) -> None:
    good = "".join(f"é{n},ü\n" for n in range(20)).encode()
    desk.lay("faq.csv", b"question,answer\n" + good + b"caf\xe9,d\n" + good)
    table = desk.table("faq.csv")
    (bad,) = [row for row in table if row["unread"]]

    assert 41 == len(table)
    assert ("faq.csv:22", b"caf\xe9,d\n") == (bad["name"], bad["raw"])
    assert bad["unread"].startswith("read.encoding")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "shift-jis", "utf-8"])
def test_broken_bytes_come_back_as_they_were_from_any_encoding(desk: Desk, encoding: str) -> None:
    broken = {
        "cp1252": b"a,\x81\n",
        "utf-16-le": b"a\0,\0\x00\xdc\n\0",
        "shift-jis": b"a,\xfd\n",
        "utf-8": b"a,\xff\xfe\n",
    }[encoding]
    content = "q,r\n".encode(encoding) + broken + "c,d\n".encode(encoding)
    desk.lay("faq.csv", content)
    bad, good = desk.table("faq.csv", encoding=encoding)

    assert broken == bad["raw"]
    assert '{"q":"c","r":"d"}' == good["record"]


def test_a_row_of_several_lines_with_a_broken_byte_is_one_trouble(desk: Desk) -> None:
    troubles = desk.troubles("faq.csv", b'q,r\n"a\nb\xff",c\nd,e\n', encoding="utf-8")

    assert {"faq.csv:2": "read.encoding Bytes that are not text in the file's encoding."} == troubles


def test_an_unknown_encoding_is_refused_by_name(desk: Desk) -> None:
    from pipeline.core.errors import SourceError

    with pytest.raises(SourceError, match=r"faq.csv: unknown encoding `klingon`"):
        desk.read("faq.csv", "a,b\n1,2\n", encoding="klingon")


def test_the_size_of_blocks_does_not_change_what_is_found() -> None:
    content = b"a,b\n" * 50 + "é".encode() * 40 + b"\nca\xe9,d\n"
    one = detect([content])
    many = detect([content[at : at + 7] for at in range(0, len(content), 7)])

    assert (one.name, one.doubt) == (many.name, many.doubt)
