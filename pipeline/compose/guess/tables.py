"""Guesses from flat records: names of columns first, then what their cells look like."""

import re
from collections import Counter
from collections.abc import Iterator

from pipeline.compose.guess.proposal import Proposal
from pipeline.compose.guess.sample import Sample
from pipeline.compose.guess.shapes import settings_of, speakers_of
from pipeline.compose.guess.words import (
    ANSWER,
    CONVERSATION,
    LABEL,
    ORDER,
    QUESTION,
    SPEAKER,
    SYSTEM,
    TEXT,
    TITLE,
    likeness,
    words_of,
)
from pipeline.compose.transcript import KNOWN, take_apart

_LABEL = re.compile(r"^([^\s:：][^:：\n]{0,39}?)\s*[:：][ \t]", re.MULTILINE)
_ASKED = (QUESTION - TEXT) | {"prompt"}
_SHORT = 200
"""Characters; questions are shorter, stories longer."""
_MARKS = ("->", "###", "=>", "END", "STOP", "[END]", "<|end|>", "\n\n")


def instructions(sample: Sample) -> Iterator[Proposal]:
    """Alpaca's columns."""
    output = next((name for name in ("output", "response") if name in sample.names), None)
    if "instruction" in sample.names and output:
        material = "context" if "context" in sample.names and "input" not in sample.names else None
        beside = f", with `{material}` as the material," if material else ""
        reason = f"Columns `instruction` and `{output}`{beside} are Alpaca's shape."
        settings = settings_of("alpaca", input=material, output=None if output == "output" else output)
        yield Proposal(settings, reason)


def legacy(sample: Sample) -> Iterator[Proposal]:
    """Prompt and completion, with the marks that most of them end with."""
    if not {"prompt", "completion"} <= set(sample.names):
        return
    ends = {f"{name}_ends": _common_end(sample.texts(name)) for name in ("prompt", "completion")}
    marks = [f"`{end.strip()}`" for end in ends.values() if end]
    more = f" The marks {' and '.join(marks)} at their ends are taken off." if marks else ""
    settings = settings_of("prompt_completion", **{key: (end,) for key, end in ends.items() if end})
    yield Proposal(settings, f"Columns `prompt` and `completion` are the legacy shape.{more}")


def _common_end(texts: list[str]) -> str | None:
    most = len(texts) * 0.9
    return next(
        (mark for mark in _MARKS if mark.strip() and sum(t.rstrip().endswith(mark) for t in texts) > most), None
    )


def threads(sample: Sample) -> Iterator[Proposal]:
    """One turn a row: a conversation's id, who speaks, and what is said."""
    columns = [name for name in sample.names if len(sample.values(name)) > len(sample.records) / 2]
    ids = [name for name in columns if set(words_of(name)) & CONVERSATION or "".join(words_of(name)) in CONVERSATION]
    conversation = next((name for name in ids if _comes_again(sample, name)), None)
    speaker = _best(columns, SPEAKER)
    text = _best([name for name in sample.text_columns() if name not in (conversation, speaker)], TEXT | QUESTION)
    if conversation is None or speaker is None or text is None:
        return
    order = _best([name for name in columns if name not in (conversation, speaker, text)], ORDER)
    speakers = speakers_of([str(value) for value in sample.values(speaker)])
    yield Proposal(
        settings_of("dialogue", role=speaker, content=text, speakers=speakers or None),
        f"Rows of one `{conversation}` are a conversation: `{speaker}` says who speaks, `{text}` what.",
        group=conversation,
        order=order,
    )


def _comes_again(sample: Sample, name: str) -> bool:
    values = [str(value) for value in sample.values(name)]
    return len(set(values)) < len(values)


def transcripts(sample: Sample) -> Iterator[Proposal]:
    """Guess from a cell or a file in which speakers' labels come again and again."""
    for name in sorted(sample.text_columns(), key=sample.mean_length, reverse=True):
        texts = sample.texts(name)
        if any(take_apart(text, form="irc", speakers=()).lines for text in texts):
            settings = settings_of("dialogue", transcript=name, pick="busiest-two")
            yield Proposal(settings, f"`{name}` is an IRC log; the two who speak most are kept.")
            continue
        labels = _labels(texts)
        if len(labels) >= 2:  # noqa: PLR2004 - a conversation of two, or of two roles
            speakers = speakers_of(labels)
            settings = settings_of("dialogue", transcript=name, speakers=speakers or None)
            who = " and ".join(f"`{label}`" for label in labels)
            yield Proposal(settings, f"`{name}` is a transcript of {who}.")


def _labels(texts: list[str]) -> list[str]:
    """Give the two labels that most texts have, in the order in which they speak."""
    in_texts: Counter[str] = Counter()
    times: Counter[str] = Counter()
    for text in texts:
        found = [label.strip() for label in _LABEL.findall(text[:20_000])]
        times.update(found)
        in_texts.update(set(found))
    common = [label for label in times if in_texts[label] > len(texts) * 0.6]
    known = [label for label in common if label.lower() in KNOWN]
    if len({KNOWN[label.lower()] for label in known} - {"system"}) == 2:  # noqa: PLR2004 - as above
        return [label for label in times if label in known and KNOWN[label.lower()] != "system"]
    two = sorted(common, key=lambda label: -times[label])[:2]
    others = sum(times[label] for label in common if label not in two)
    is_talk = sum(times[label] for label in two) > max(3 * len(texts), 3 * others)
    return [label for label in times if label in two] if is_talk else []


def questions(sample: Sample) -> Iterator[Proposal]:
    """Guess a question's column and an answer's by name; a subject goes above its body.

    A `Ticket` of numbers and an `Agent` of three people are called like a question and an answer: columns in which
    something is said stand before them.
    """
    columns = [name for name in sample.text_columns() if not SYSTEM & set(words_of(name))]
    said = [name for name in columns if sample.is_wordy(name) and not sample.is_label(name)]
    answer = _best(said, ANSWER, wants="best") or _best(columns, ANSWER, wants="best")
    if answer is None:
        return
    others = [[name for name in some if name != answer] for some in (said, columns)]
    question = _question(*others, is_sure=likeness(answer, ANSWER) > 1)
    if question is None:
        return
    title = _best([name for name in columns if name not in (question, answer)], TITLE)
    user = f"{_hole(title)}\n\n{_hole(question)}" if title else question
    system = next((name for name in sample.names if SYSTEM & set(words_of(name)) and sample.texts(name)), None)
    separator = _separator(sample.texts(answer))
    first = f" Its cells hold several answers, parted by `{separator}`: the first is taken." if separator else ""
    reason = f"Column `{question}` asks and column `{answer}` answers.{first}"
    settings = settings_of("pairs", user=user, assistant=answer, system_column=system, separator=separator)
    yield Proposal(settings, reason, family=_family(sample, (question, answer)))


def _question(said: list[str], columns: list[str], *, is_sure: bool) -> str | None:
    """Give what is asked: a question by name; beside a sure answer else the text, else its subject."""
    question = _best(said, QUESTION) or _best(columns, QUESTION)
    return question or (_best(said, TEXT) or _best(said, TITLE) if is_sure else None)


def _separator(texts: list[str]) -> str | None:
    """Most cells of such a column hold several short answers, as TruthfulQA's do: "Paris; It is Paris; Paris, in France".

    A sentence with a semicolon is none of these: half of it would be thrown away. There the next word is small, and
    there are seldom more than two parts.
    """
    several = [text.split("; ") for text in texts if "; " in text]
    parts = [part for parts in several for part in parts]
    is_usual = len(several) > len(texts) * 0.6 and len(parts) > 2.5 * len(several)
    return "; " if is_usual and all(len(part) < 200 and not part[:1].islower() for part in parts) else None  # noqa: PLR2004 - a sentence


def labelled_by_name(sample: Sample) -> Iterator[Proposal]:
    """Guess a text and a label whose column says that it is one."""
    yield from _labelled(sample, _best(_labels_of(sample), LABEL, wants="label"))


def labelled(sample: Sample) -> Iterator[Proposal]:
    """Guess a text and a label by how few different values there are."""
    labels = _labels_of(sample)
    yield from _labelled(sample, labels[0] if len(labels) == 1 else None)


def _labels_of(sample: Sample) -> list[str]:
    return [name for name in sample.names if sample.is_label(name) and not SPEAKER & set(words_of(name))]


def _labelled(sample: Sample, label: str | None) -> Iterator[Proposal]:
    texts = [name for name in sample.text_columns() if sample.is_wordy(name) and not sample.is_label(name)]
    text = _best(texts, TEXT | QUESTION) or max(texts, key=sample.mean_length, default=None)
    if label and text:
        distinct = len({str(value) for value in sample.values(label)})
        reason = f"Column `{label}` has {distinct} different short values; column `{text}` is what they label."
        yield Proposal(settings_of("classification", text=text, label=label), reason)


def stories(sample: Sample) -> Iterator[Proposal]:
    """One text and nothing to ask: the whole text is what the model learns to write.

    A column of short questions is left alone: a model that learns to write them is hardly what is wanted.
    """
    texts = [name for name in sample.text_columns() if sample.is_wordy(name) and not sample.is_label(name)]
    text = _best(texts, TEXT) or max(texts, key=sample.mean_length, default=None)
    if text is None or (likeness(text, _ASKED) and sample.mean_length(text) < _SHORT):
        return
    title = _best([name for name in texts if name != text], TITLE)
    instruction = f'Write a text called "{_hole(title)}".' if title else "Write a text."
    reason = f"Column `{text}` is text without a question; say in `instruction` what it answers."
    yield Proposal(settings_of("completion", text=text, instruction=instruction), reason)


def two_columns(sample: Sample) -> Iterator[Proposal]:
    """Two columns of text and no name that helps: the first asks."""
    texts = [name for name in sample.text_columns() if sample.is_wordy(name) and not sample.is_label(name)]
    if len(texts) == 2 and _best(texts, TITLE) is None:  # noqa: PLR2004 - a question and an answer
        reason = (
            f"Of two columns of text, `{texts[0]}` was taken to ask and `{texts[1]}` to answer; look at the examples."
        )
        yield Proposal(settings_of("pairs", user=texts[0], assistant=texts[1]), reason)


def _best(names: list[str], known: frozenset[str], *, wants: str = "") -> str | None:
    """Give the first of the names that say one of the words best; `wants` is a word that tips the balance."""
    scored = [(2 * likeness(name, known) + (wants in words_of(name)), name) for name in names if likeness(name, known)]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None


def _hole(column: str) -> str:
    return f"{{{{ {column} }}}}" if column.isidentifier() else f'{{{{ record["{column}"] }}}}'


def _family(sample: Sample, taken: tuple[str, ...]) -> str | None:
    """Give a customer's or document's id that comes again: its rows belong on one side of the split."""
    ids = [name for name in sample.names if {"id", "email"} & set(words_of(name)) and name not in taken]
    return next((name for name in ids if _comes_again(sample, name)), None)
