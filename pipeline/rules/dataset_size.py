"""A file has as many examples and bytes as the target takes."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.facts import shipped, side
from pipeline.core.finding import Severity
from pipeline.core.rule import RowFlaw, dataset_rule
from pipeline.core.target import Limits
from pipeline.core.wording import counted


@dataset_rule("dataset.too-few")
def too_few(facts: pa.Table, limits: Limits) -> Iterator[RowFlaw]:
    """A job fails on a file of fewer examples than the platform asks for: *must have at least 10 examples*.

    Add examples; where only the validation file is too small, give it a larger share or none. Needs `side`.
    """
    for name in ("train", "validation"):
        count = side(shipped(facts, "side"), name).num_rows
        is_explained = count == 0 and (name == "validation" or "fate" not in facts.column_names)
        if limits.min_examples is not None and count < limits.min_examples and not is_explained:
            yield RowFlaw(
                None, "", f"{counted(count, f'{name} example')}; {limits.target} takes {limits.min_examples:,} or more."
            )


@dataset_rule("dataset.few", severity=Severity.INFO)
def few(facts: pa.Table, limits: Limits) -> Iterator[RowFlaw]:
    """Jobs with so few examples run, but seldom teach what prompting could not.

    Add good examples until the number that the vendor recommends. Needs `side`.
    """
    count = side(shipped(facts, "side"), "train").num_rows
    wanted = limits.recommended_examples
    if wanted is not None and (limits.min_examples or 0) <= count < wanted:
        yield RowFlaw(None, "", f"{counted(count, 'train example')}; {wanted:,} or more are recommended.")


@dataset_rule("dataset.too-many")
def too_many(facts: pa.Table, limits: Limits) -> Iterator[RowFlaw]:
    """The platform refuses files of more examples, or of more examples with images.

    Choose the best; curated thousands beat raw millions. Needs `side`, `images`.
    """
    most = {"train": limits.max_examples, "validation": limits.max_validation_examples}
    for name, limit in most.items():
        count = side(shipped(facts, "side"), name).num_rows
        if limit is not None and count > limit:
            yield RowFlaw(None, "", f"{counted(count, f'{name} example')}; {limits.target} takes at most {limit:,}.")
    seen = pc.sum(pc.greater(shipped(facts, "images")["images"], 0)).as_py() or 0
    if limits.max_image_examples is not None and seen > limits.max_image_examples:
        yield RowFlaw(
            None, "", f"{seen:,} examples with images; {limits.target} takes at most {limits.max_image_examples:,}."
        )


@dataset_rule("dataset.too-large")
def too_large(facts: pa.Table, limits: Limits) -> Iterator[RowFlaw]:
    """Uploads over the platform's file size fail, some of them silently, after the time that they took.

    Drop examples, or leave long texts and images out. Needs `side`, `payload_bytes`.
    """
    if "payload_bytes" not in facts.column_names:
        return
    rows = shipped(facts, "side", "payload_bytes")
    sizes = {name: pc.sum(side(rows, name)["payload_bytes"]).as_py() or 0 for name in ("train", "validation")}
    most = {"train": limits.max_file_bytes, "validation": limits.max_validation_bytes or limits.max_file_bytes}
    for name, limit in most.items():
        if limit is not None and sizes[name] > limit:
            yield RowFlaw(None, "", f"{sizes[name]:,} bytes of {name} examples; {limits.target} takes {limit:,}.")
    share = limits.max_validation_share
    if share is not None and sizes["train"] and sizes["validation"] > share * sizes["train"]:
        found = sizes["validation"] / sizes["train"]
        yield RowFlaw(
            None, "", f"Validation has {found:.0%} of train's size; {limits.target} takes at most {share:.0%}."
        )
