"""Tables of any length, written block by block: a file is never held in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet

from recommender.domain.simulation import simulation_metadata

_COMPRESSION_LEVEL: Final = 12
_ROWS_OF_A_GROUP: Final = 1 << 20


class BlockWriter:
    """Writes tables to ``NAME.parquet`` files of one directory, one block after the other.

    Parameters
    ----------
    directory : Path
        Of the files; names may lead into directories below it.
    simulation : mapping
        Metadata of every file, see `recommender.domain.simulation`.
    """

    def __init__(self, directory: Path, simulation: Mapping[str, Any]) -> None:
        self._directory = directory
        self._metadata = simulation_metadata(simulation)
        self._writers: dict[str, pa.parquet.ParquetWriter] = {}
        self._stack = ExitStack()
        self.n_rows: dict[str, int] = {}

    @contextmanager
    def opened(self) -> Iterator[BlockWriter]:
        """Close every file when the block ends."""
        with self._stack:
            yield self

    def write(self, name: str, table: pa.Table) -> None:
        """Append rows to a table; the first rows set its columns. No rows, no file."""
        if not table.num_rows:
            return
        if name not in self._writers:
            self._writers[name] = self._stack.enter_context(self._open(name, table.schema))
        self._writers[name].write_table(table.replace_schema_metadata(self._metadata), _ROWS_OF_A_GROUP)
        self.n_rows[name] = self.n_rows.get(name, 0) + table.num_rows

    def _open(self, name: str, schema: pa.Schema) -> pa.parquet.ParquetWriter:
        file = self._directory / f"{name}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        encoding = {column: _ENCODINGS[column] for column in schema.names if column in _ENCODINGS}
        return pa.parquet.ParquetWriter(
            file,
            schema.with_metadata(self._metadata),
            compression="zstd",
            compression_level=_COMPRESSION_LEVEL,
            use_dictionary=[column for column in schema.names if column not in encoding],
            column_encoding=encoding,
        )


# ids of events are all different and share their beginnings; times differ by little
_ENCODINGS: Final = {"event_id": "DELTA_BYTE_ARRAY", "occurred_at": "DELTA_BINARY_PACKED"}
