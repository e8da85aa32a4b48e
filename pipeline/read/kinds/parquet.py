"""Parquet: rows by number, nested values as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

from pipeline.core.errors import SourceError
from pipeline.core.place import Remote
from pipeline.core.record import Record
from pipeline.core.trouble import Trouble
from pipeline.read.format import Format, Settled
from pipeline.read.opening import open_file
from pipeline.read.settings import ReadSettings
from pipeline.read.stream import Stream

SUFFIXES: Final = frozenset({".parquet", ".pq"})
MAGIC: Final = b"PAR1"
_BATCH_ROWS: Final = 1_000


class ParquetSettings(ReadSettings):
    """How a Parquet file is read. The line of a record is the number of its row."""

    format: Literal["parquet"] = "parquet"
    columns: tuple[str, ...] = ()
    """Columns to read. Empty: all."""


def settle(stream: Stream, settings: ParquetSettings) -> Settled:
    """Nothing is left to detection."""
    del stream
    return Settled(settings)


def records(stream: Stream, settings: ParquetSettings) -> Iterator[Record]:
    """Give every row; a damaged file gives the row groups before the damage, then its trouble."""
    import pyarrow as pa
    from pyarrow import parquet

    number = 0
    try:
        with parquet.ParquetFile(_source(stream)) as file:
            _refuse_unknown(file.schema_arrow.names, settings.columns, stream)
            for batch in file.iter_batches(_BATCH_ROWS, columns=list(settings.columns) or None):
                for row in batch.to_pylist():
                    number += 1
                    yield Record(number, {key: _plain(value) for key, value in row.items()})
    except SourceError:
        raise
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        yield Record(
            number + 1, None, raw=b"", trouble=Trouble("read.damaged", f"The Parquet file breaks off: {reason}.")
        )


def _source(stream: Stream) -> Any:
    """Give what Arrow opens: a path it maps by itself, and a remote object through its blocks."""
    return open_file(stream.path) if isinstance(stream.path, Remote) else stream.path


def _refuse_unknown(names: Sequence[str], asked: Sequence[str], stream: Stream) -> None:
    for name in asked:
        if name not in names:
            raise SourceError(f"{stream.address}: no column `{name}`. It has {', '.join(names)}; set `read.columns`.")


def _plain(value: Any) -> Any:
    """Give a value that JSON can hold: a map's pairs as an object."""
    if isinstance(value, list) and value and all(isinstance(item, tuple) and len(item) == 2 for item in value):  # noqa: PLR2004
        return {str(key): _plain(item) for key, item in value}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


FORMAT: Final = Format("parquet", ParquetSettings, SUFFIXES, settle, records, is_text=False)
