"""What goes wrong outside the data: one tree, one message each, no traceback for the user.

    TunesetError            wrong set-up; exit 2
    ├── PlanError           dataset.toml or a flag cannot be used
    │   └── Busy            another run is at work on the same dataset; exit 75
    ├── SourceError         a file cannot be found, opened or decoded at all
    ├── MissingExtra        an optional package is needed and absent
    ├── DiskError           the disk is full, read-only or broken; what was published stays
    └── ProviderGaveUp      an API could not finish; what it gave is kept; exit 4

A flaw in the data is never one of these: it is a `Finding`, or a `Trouble` that keeps its row out.
"""


class TunesetError(Exception):
    """A wrong set-up; the message says where, what, and what to do."""

    exit_code = 2


class PlanError(TunesetError, ValueError):
    """The plan or a flag cannot be used; raised before any row is read."""


class Busy(PlanError):  # noqa: N818 - reads as what it is
    """Another run is at work on the same dataset; try again later (EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75


class SourceError(TunesetError, OSError):
    """A source cannot be found, opened, or read as any known format."""


class MissingExtra(TunesetError, ImportError):  # noqa: N818 - reads as what it is
    """An optional package is needed; the message names the extra to install."""


class DiskError(TunesetError, OSError):
    """The disk is full, read-only or broken; the message says which dataset is in place."""


class ProviderGaveUp(TunesetError):  # noqa: N818 - reads as what it is
    """An API could not finish after all retries; what it answered is kept, and the next run goes on."""

    exit_code = 4
