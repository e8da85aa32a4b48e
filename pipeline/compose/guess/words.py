"""What columns are called, in the languages that support desks and FAQs are written in."""

import re
import unicodedata
from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


QUESTION: Final = _set(
    """
    question questions q query ask asked prompt user customer client message inquiry enquiry request utterance
    input problem body ticket issue frage fragen kundenfrage anfrage nachricht pregunta preguntas consulta
    mensaje demande domanda domande richiesta pergunta perguntas duvida mensagem vraag vragen pytanie pytania
    dotaz otazka sporsmal fraga kysymys soru вопрос вопросы запрос питання 问题 提问 问 質問 問題 질문 문의 سؤال السؤال
    प्रश्न सवाल cauhoi pertanyaan
    """
)
ANSWER: Final = _set(
    """
    answer answers a reply replies response responses output target solution resolution completion assistant
    agent antwort antworten losung respuesta respuestas solucion reponse reponses solution risposta risposte
    resposta respostas antwoord antwoorden odpowiedz odpowiedzi odpoved svar vastaus cevap yanit ответ ответы
    відповідь 答案 回答 答 解答 答复 답변 답 대답 جواب الجواب إجابة الإجابة उत्तर जवाब traloi jawaban positive
    """
)
TITLE: Final = _set(
    """
    subject title betreff titel asunto titulo objet titre oggetto titolo assunto тема 标题 主题 件名 제목
    """
)
TEXT: Final = _set(
    """
    text content message sentence utterance tweet comment review post document description body prompt texto
    texte testo текст 文本 内容 本文 텍스트 نص पाठ
    """
)
LABEL: Final = _set(
    """
    label labels category categories class intent intents sentiment topic tag target type kategorie klasse
    etiqueta categoria categorie etichetta classe метка категория 标签 类别 分類 ラベル カテゴリ 라벨 분류
    """
)
CONVERSATION: Final = _set(
    """
    conversation conversationid dialog dialogue dialogueid dialogid chat chatid thread threadid session
    sessionid convid ticketid conversation_id dialogue_id gesprach conversacion conversa 会话 对话 会話 대화
    """
)
SPEAKER: Final = _set(
    """
    role speaker sender author from participant rolle sprecher rol hablante ruolo роль 角色 说话人 話者 역할
    """
)
ORDER: Final = _set(
    """
    turn turnnumber turnid order index position step sequence seq timestamp time date created createdat line
    number no reihenfolge zeit orden hora ordre heure
    """
)
SYSTEM: Final = _set("system systemprompt systemmessage sysprompt")
UNFIT: Final = _set(
    """
    id ids uuid url link source date time timestamp incorrect wrong false bad rejected negative score count rank
    number lang language embedding personas path file filename state status
    """
)
"""Words that make a column neither question nor answer."""
CHOSEN: Final = ("chosen", "preferred", "chosen_messages", "chosen_response", "better", "accepted", "winner")
REJECTED: Final = (
    "rejected",
    "non_preferred",
    "rejected_messages",
    "rejected_response",
    "worse",
    "dispreferred",
    "loser",
)


def words_of(name: str) -> list[str]:
    """Give a column's name as plain lower-case words: `BestAnswer`, `best_answer` and `Best Answer` are the same."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    plain = unicodedata.normalize("NFKD", parted.casefold())
    letters = "".join(c for c in plain if not ("\u0300" <= c <= "\u036f"))
    return re.findall(
        r"\w+", unicodedata.normalize("NFC", letters).replace("_", " ").replace("ł", "l").replace("ø", "o")
    )


def likeness(name: str, known: frozenset[str]) -> int:
    """Give how well a column's name says one of the words: 3 the word itself, 2 ends with it, 1 holds it, 0 not at all.

    A name with a word of UNFIT says none, unless that very word is asked for.
    """
    words = words_of(name)
    if not words or (UNFIT - known) & set(words):
        return 0
    if len(words) == 1 or "".join(words) in known:
        return 3 if "".join(words) in known else 0
    if words[-1] in known:
        return 2
    return 1 if known & set(words) else 0
