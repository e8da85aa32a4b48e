"""The door to presidio: names of persons in text, an extra because it needs a language model of its own."""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from pipeline.core.errors import MissingExtra

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

MODEL: Final = "en_core_web_sm"
LEAST_SCORE: Final = 0.5
"""Presidio gives 0.85 to whatever spaCy calls a person; a recogniser of your own may give less."""


def demand() -> None:
    """Raise MissingExtra where names cannot be found: before the first row, and without any download."""
    if find_spec("presidio_analyzer") is None:
        raise MissingExtra("Names need an extra: pip install 'tuneset[names]', or leave `privacy.name` off.")
    if find_spec(MODEL) is None:
        raise MissingExtra(f"Names need spaCy's English model: python -m spacy download {MODEL}.")


def person_names(text: str) -> Iterator[tuple[int, int]]:
    """Give where names of persons stand, in English; some 80 texts a second."""
    for one in _engine().analyze(text, language="en", entities=["PERSON"], score_threshold=LEAST_SCORE):
        yield one.start, one.end


@cache
def _engine() -> "AnalyzerEngine":
    """Give presidio with a model that is there already; loaded once a process."""
    demand()
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    models = [{"lang_code": "en", "model_name": MODEL}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    return AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])
