"""Which language a text is in: by its script, and for Latin and Cyrillic letters by its commonest words.

Made for shares over a dataset, not for single rows: a text of two words is `unknown` rather than guessed. It takes 20
microseconds a text and no model; py3langid, the best kept library of its size, takes 0.9 CPU-seconds and 80 MB to load
and names a language for every `OK`.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.example import Method
from pipeline.core.passages import HEAD_MARKS, passages_of

Payloads = Callable[[npt.NDArray[np.int64]], Sequence[str]]
"""Row numbers → payloads."""

UNKNOWN: Final = "unknown"
SAMPLE: Final = 2_000
"""Examples looked at: shares come out within two points of those of all, nineteen times in twenty."""
CHARACTERS: Final = 2_000
"""Of each text; more says no more."""
FEWEST_WORDS: Final = 3
FEWEST_HITS: Final = 2
LEAST_SHARE: Final = 0.08
"""Common words among all: in running text of any of these languages they are a fifth or more."""
OTHER_SCRIPT: Final = 0.3
"""Letters of another script from which a text counts as written in it: names and code are often Latin."""

_SCRIPTS: Final = {
    "ja": "\u3040-\u30ff",
    "ko": "\uac00-\ud7af\u1100-\u11ff",
    "zh": "\u4e00-\u9fff\u3400-\u4dbf",
    "th": "\u0e00-\u0e7f",
    "el": "\u0370-\u03ff",
    "he": "\u0590-\u05ff",
    "ar": "\u0600-\u06ff",
    "hi": "\u0900-\u097f",
    "bn": "\u0980-\u09ff",
    "ta": "\u0b80-\u0bff",
    "te": "\u0c00-\u0c7f",
    "ka": "\u10a0-\u10ff",
    "hy": "\u0530-\u058f",
    "cyrillic": "\u0400-\u04ff",
}
_FOREIGN: Final = {name: re.compile(f"[{span}]") for name, span in _SCRIPTS.items()}
_ANY_FOREIGN: Final = re.compile(f"[{''.join(_SCRIPTS.values())}]")
_LETTER: Final = re.compile(r"[^\W\d_]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_COMMON: Final = {
    "en": "the of and to in is that it for was on are as with be this have from you your not i my we can what how",
    "de": "der die das und ist nicht ein eine zu den von mit sich auf für dem im es ich sie wir wie kann mein bitte",
    "fr": "le la les des et est une un du que pour dans qui pas sur je vous nous au avec ce il mon votre être",
    "es": "el la los las de que y es en un una por con para no se del lo su mi como está puedo qué al",
    "pt": "o a os as de que e é em um uma por com para não se do da no na meu como está posso você ao",
    "it": "il la i gli le di che è e un una per con non si del della nel sono come mi ho posso questo alla",
    "nl": "de het een en is van ik niet dat op te voor met zijn je mijn wat hoe kan er aan ook maar naar",
    "sv": "och att det i en jag är som på för av inte den till med har ett om du kan hur min var vi",
    "da": "og at det i en jeg er som på for af ikke den til med har et om du kan hvordan min var vi",
    "no": "og at det i en jeg er som på for av ikke den til med har et om du kan hvordan min var vi",
    "fi": "on ja ei että se en hän oli mutta ole kun olen mitä tämä niin voi minun miten sinä ovat joka",
    "pl": "nie w na z jest się że to do jak co i po mi ja o tak czy dla od za moje mój przez być są",
    "cs": "se na je že to do jak jsem ale by co si pro jsou být mi který po od můj není",
    "ro": "și de la în nu o un cu pe este să se că din pentru mai ce am sunt cum mi care ale lui",
    "hu": "a az és nem hogy egy van is de ez meg csak mit én volt ha kell mint már hogyan vagy ezt",
    "tr": "bir ve bu için ne de da mi var çok ben nasıl ile değil daha olarak gibi olan kadar ama benim",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada saya apa adalah ke bisa anda ada juga",
    "vi": "là của và có không một cho được trong người tôi này với những các đã để bạn như thế khi",
    "et": "ja on ei et see ma oli ka kui mis aga siis ta nii oma seda kes või olen kuidas mu",
    "sw": "na ya wa kwa ni za katika la hii yangu kuwa si je hilo cha vya huo alikuwa mimi yake",
    "ht": "nan yo pou yon te li ki pa mwen sa nou ak se gen ou fè la genyen tou",
    "ru": "и в не на я что с он как это по но все так его за у из мы вы для мне то же от",
    "uk": "і в не на я що з він як це по але та його за у із ми ви для мені то є від до",
    "bg": "и в не на аз че с той как това по но са се за от да е ще ми ли към или съм",
}
_WORDS: Final = {name: frozenset(words.split()) for name, words in _COMMON.items()}
_CYRILLIC: Final = ("ru", "uk", "bg")
_LATIN: Final = tuple(name for name in _WORDS if name not in _CYRILLIC)


def spoken(table: pa.Table, payloads: Payloads, *, method: Method) -> pa.Table:
    """Give digest and language of up to `SAMPLE` kept examples; `table` has fate and digest.

    Those of the smallest digests are looked at: chance, but nobody's whim, and the same ones in any order of the rows.
    """
    rows = sampled(table)
    return heard(table["digest"].take(pa.array(rows, pa.int64())), rows, payloads, method=method)


def sampled(table: pa.Table) -> npt.NDArray[np.int64]:
    """Give the rows that `spoken` looks at, in order."""
    kept = np.flatnonzero(pc.equal(table["fate"], "kept").to_numpy(zero_copy_only=False))
    digests = table["digest"].take(pa.array(kept, pa.int64()))
    return np.sort(kept[_smallest(digests)])


def heard(digests: pa.ChunkedArray, rows: npt.NDArray[np.int64], payloads: Payloads, *, method: Method) -> pa.Table:
    """Give the digests of these rows with their languages."""
    found = [language_of(said(payload, method=method)) for payload in payloads(rows)] if len(rows) else []
    return pa.table({"digest": digests, "language": pa.array(found, pa.string())})


def languages(found: pa.Table) -> dict[str, int]:
    """Count the languages of what `spoken` gave, of one table or of several in one; the commonest first."""
    counts = Counter(found["language"].take(pa.array(_smallest(found["digest"]), pa.int64())).to_pylist())
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def _smallest(digests: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    if not len(digests):
        return np.zeros(0, dtype=np.int64)
    ranked = pa.table({"digest": digests})
    order = pc.select_k_unstable(ranked, k=min(SAMPLE, len(digests)), sort_keys=[("digest", "ascending")])
    return np.asarray(order, dtype=np.int64)


def said(payload: str, *, method: Method) -> str:
    """Give what is said in an example, without system turns and definitions."""
    found = passages_of(payload, method=method)
    return "\n".join(text for mark, text in zip(found.marks, found.texts, strict=True) if mark not in HEAD_MARKS)


def language_of(text: str) -> str:
    """Give the ISO 639-1 code of a text's language, or `unknown` where too little speaks for any."""
    some = text[:CHARACTERS]
    foreign = len(_ANY_FOREIGN.findall(some))
    if foreign:
        letters = len(_LETTER.findall(some))
        if foreign >= OTHER_SCRIPT * letters:
            return _of_script(some)
    return _of_words(some, _LATIN)


def _of_script(text: str) -> str:
    counts = {name: len(pattern.findall(text)) for name, pattern in _FOREIGN.items()}
    if counts["ja"] and counts["ja"] >= 0.05 * (counts["ja"] + counts["zh"]):
        return "ja"
    script = max(counts, key=lambda name: counts[name])
    return _of_words(text, _CYRILLIC) if script == "cyrillic" else script


def _of_words(text: str, among: Sequence[str]) -> str:
    words = Counter(_WORD.findall(text.lower()))
    total = words.total()
    if total < FEWEST_WORDS:
        return UNKNOWN
    hits = {name: sum(words[word] for word in _WORDS[name] & words.keys()) for name in among}
    best = max(among, key=lambda name: hits[name])
    rivals = [name for name in among if hits[name] == hits[best]]
    is_enough = hits[best] >= max(FEWEST_HITS, LEAST_SHARE * total)
    return best if is_enough and len(rivals) == 1 else UNKNOWN
