"""Why a row could not become an example: a signal with a stable code, kept beside the row, never lost."""

from typing import Final

CAUSES: Final[dict[str, str]] = {
    "read.encoding": "Bytes that are not text in the file's encoding. Set `encoding` for the source, or repair the bytes.",
    "read.ragged": "The row has more or fewer fields than the header. Quote the field that holds the delimiter.",
    "read.unclosed-quote": "A quote opens and never closes. Close or double it; the rows after it were read again as rows.",
    "read.stray-quote": 'A quoted field goes on after its closing quote. Double the quotes inside it, or set `quote` to "" for none.',
    "read.no-group": "The row has no value in the column that `group` names, so it belongs to no conversation. Fill it in.",
    "read.not-json": "The line or element is not valid JSON. Mend it at the given column.",
    "read.not-a-record": "The JSON value is not an object. Give one object per record, or set `records` to the path that holds them.",
    "read.damaged": "The file ends early or its compression or container is damaged. Copy it again; what could be read was read.",
    "compose.missing-column": "The record has no such column. Name one it has; the plan's `compose` table maps columns to turns.",
    "compose.empty": "The record has nothing to ask or nothing to answer: the column that should become the turn is empty.",
    "compose.no-answer": "The conversation has no assistant turn, so there is nothing to train on. tuneset never invents one.",
    "compose.shape": "The record does not have the shape that its recipe reads. Choose another recipe, or mend the record.",
    "compose.speaker": "A speaker is mapped to no role. Add it to `speakers` in the plan.",
    "compose.template": "A template used a name that the record lacks, or failed while it was rendered.",
    "run.worker-lost": "The worker process died on this row, twice. It may need more memory; raise it, or mend the row.",
    "compose.surrogate": "The text holds a lone surrogate, which no UTF-8 file can carry. Repair the escape in the source.",
    "compose.alternatives": 'One cell holds several answers. Set `separator` and `alternatives = "first"`, or keep one answer.',
    "compose.label": "The label is none of the `labels` in the plan. Add it there, or map it in `names`.",
    "forget.tombstone": "Somebody asked to have the row erased, and `tuneset forget` was told. Nothing of it is kept; see docs/forget.md.",
    "decontaminate.exact": "A turn is a question of an evaluation. A model tuned on its exam cannot be examined; leave the row out.",
    "decontaminate.words": "The row holds thirteen words in a row of an evaluation's question (`decontaminate.words`). Leave it out.",
    "decontaminate.near": "The row holds most of an evaluation's question with words changed. Leave it out, or raise `decontaminate.near`.",
    "split.pinned": "A pinned validation example asks the same and has another answer. Take one of the two out, or give both to one side.",
    "file.shape": "The whole file has another shape than fine-tuning lines. `tuneset init --from FILE`, then `tuneset build`, converts it.",
    "file.encoding": "Bytes that are not UTF-8; uploads fail on them. Save the file as UTF-8, or repair the line.",
    "file.bom": "A byte-order mark makes the first line no JSON for many readers. `--fix` removes it; Azure's pages ask for one.",
    "file.crlf": "Lines end in CR LF, as Windows writes; most readers take it, strict ones do not. `--fix` writes LF.",
    "file.line-ends": "Lines end in CR alone, so that readers see one single line. `--fix` writes LF.",
    "file.blank-line": "A blank line is no JSON: *cannot be parsed*. `--fix` removes it.",
    "file.last-line-end": "The last line has no end; appending to the file or joining files would glue two examples together.",
    "file.long-line": "A line larger than the largest file that platforms take; a line end may be missing.",
    "file.empty": "The file holds no example.",
    "expect.not-met": "The dataset does not meet a line of the expectation suite. Mend the data, or change what the suite expects.",
    "target.closed": "No new job can be created there any more. `tuneset targets` lists what is open, `--target all` where the data can go.",
    "target.closing": "New jobs end soon there, or tuned models stop soon. `tuneset targets` has the dates.",
    "baseline.worse": "A rate is worse than in the accepted dataset that `--baseline` names. Mend the data, or accept the new rates.",
}
"""Code → the reason and the cure. `tuneset explain CODE` prints it. Readers and recipes add theirs here."""


class Trouble(Exception):  # noqa: N818 - it is a signal about one row, not an error of the program
    """One row cannot be read or composed; `code` is a key of CAUSES, `message` one sentence, found and expected."""

    def __init__(self, code: str, message: str) -> None:
        if code not in CAUSES:
            raise KeyError(code)
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        """Give the text that the `trouble` column stores: the code, a space, the sentence."""
        return f"{self.code} {self.message}"
