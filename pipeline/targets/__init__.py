"""The places where a model can be tuned, as data, and what it takes to go there."""

from pipeline.core.lifetime import Status, status
from pipeline.targets.catalogue import all_targets, limits_of, load
from pipeline.targets.format import Format, all_formats, convert, export, format_of
from pipeline.targets.listing import TargetRow, targets_table
from pipeline.targets.losses import LOSSES, Exported, Loss
from pipeline.targets.names import Encoding, base_model, encoding
from pipeline.targets.portability import Line, Way, portability

__all__ = [
    "LOSSES",
    "Encoding",
    "Exported",
    "Format",
    "Line",
    "Loss",
    "Status",
    "TargetRow",
    "Way",
    "all_formats",
    "all_targets",
    "base_model",
    "convert",
    "encoding",
    "export",
    "format_of",
    "limits_of",
    "load",
    "portability",
    "status",
    "targets_table",
]
