"""croissant.json: the dataset as Croissant 1.0 JSON-LD, so that ML tools find its files and fields.

https://docs.mlcommons.org/croissant/docs/croissant-spec.html. No clock and no path in it: the same dataset gives the same bytes.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from pipeline.core.settings import CardSettings
from pipeline.core.shape import Bit
from pipeline.report.card import about_dataset
from pipeline.report.model import FileFacts, Report

FILE: Final = "croissant.json"
VERSION: Final = "http://mlcommons.org/croissant/1.0"
CONTEXT: Final[Mapping[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""As the specification gives it."""
_TURNS: Final = (
    ("role", "sc:Text", "Who speaks: system, developer, user, assistant or tool.", None),
    ("content", "sc:Text", "What is said; missing where the turn only calls tools.", None),
    ("name", "sc:Text", "Name of the speaker.", Bit.NAME),
    ("weight", "sc:Integer", "0: the turn is not trained on.", Bit.WEIGHT),
)
"""Key of a turn, its type, what it is, and the flag of files in which it stands; None: always."""
_NESTED: Final = (
    (Bit.TOOL_CALLS, "Turns may have `tool_calls`, each with an id, a name and arguments."),
    (Bit.TOOLS, "Lines may have `tools`: definitions of what may be called."),
    (Bit.PARTS, "`content` may be a list of parts: texts and images."),
)
"""What stands in lines and has no flat type that Croissant could name, so that it is told in words."""


def croissant(report: Report, card: CardSettings, bits: Mapping[str, int]) -> bytes:
    """Give the file; `bits` has the flags of `core.shape.Bit` that some line of each side has."""
    sides = {name.removesuffix(".jsonl"): facts for name, facts in report.sides.files() if facts.examples}
    files = {file.name.removesuffix(".jsonl"): file for file in report.files}
    dataset = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": report.name,
        "description": about_dataset(report, card),
        "conformsTo": VERSION,
        **_known(card),
        "keywords": sorted({"fine-tuning", "chat", report.target.method, *card.tags}),
        "distribution": [_file(files[side]) for side in sides],
        "recordSet": [_records(side, report.target.method, Bit(bits[side])) for side in sides],
    }
    return (json.dumps(dataset, ensure_ascii=False, indent=2) + "\n").encode()


def _known(card: CardSettings) -> dict[str, Any]:
    """Give what only the plan can know, as far as it does."""
    said = {
        "license": card.license_url or card.license,
        "url": card.url,
        "version": card.version,
        "datePublished": card.published.isoformat() if card.published else None,
        "citeAs": card.citation,
        "creator": {"@type": "sc:Organization", "name": card.creator} if card.creator else None,
        "inLanguage": list(card.language) or None,
    }
    return {key: value for key, value in said.items() if value is not None}


def _file(file: FileFacts) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "description": f"{file.lines:,} examples, one a line.",
        "contentUrl": file.name,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": "application/jsonlines",
        "sha256": file.sha256,
    }


def _records(side: str, method: str, bits: Bit) -> dict[str, Any]:
    columns = {
        "dpo": {
            "input": ("The conversation so far.", ("messages",)),
            "preferred_output": ("The better answer.", ()),
            "non_preferred_output": ("The worse answer.", ()),
        }
    }.get(method, {"messages": ("The conversation, turn by turn.", ())})
    nested = [sentence for bit, sentence in _NESTED if bit in bits]
    says = "Examples that are trained on." if side == "train" else "Examples that are held out to validate."
    return {
        "@type": "cr:RecordSet",
        "@id": side,
        "name": side,
        "description": " ".join([says, *nested]),
        "field": [_turns(side, column, about, steps, bits) for column, (about, steps) in columns.items()],
    }


def _turns(side: str, column: str, says: str, steps: tuple[str, ...], bits: Bit) -> dict[str, Any]:
    """Give a column of turns; `steps` lead from the column to them."""
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{side}/{column}/{key}",
            "name": key,
            "description": about,
            "dataType": kind,
            "repeated": True,
            "source": {
                "fileObject": {"@id": f"{side}.jsonl"},
                "extract": {"column": column},
                "transform": [{"jsonPath": step} for step in (*steps, key)],
            },
        }
        for key, kind, about, flag in _TURNS
        if (flag is None or flag in bits) and not (key == "content" and Bit.PARTS in bits)
    ]
    return {
        "@type": "cr:Field",
        "@id": f"{side}/{column}",
        "name": column,
        "description": says,
        "repeated": True,
        "subField": fields,
    }
