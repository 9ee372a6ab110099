"""The directory of results: rows as Parquet and a manifest, there whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from recommender.domain.simulation import simulation_metadata
from recommender.errors import ConfigurationError
from training.datasets.directories import whole_directory
from training.scoring.table import SCHEMA

ROWS: Final = "recommendations.parquet"
MANIFEST: Final = "manifest.json"
FORMAT_VERSION: Final = 1
# Rows of a group, however the blocks were cut: the file is the same bytes for all.
_GROUP_ROWS = 100_000


def check_free(out: Path) -> None:
    """Refuse a place that is taken, before the work is done.

    Raises
    ------
    ConfigurationError
        `out` exists and is no empty directory.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"--out {out} exists; name a directory that does not, or remove it first")


@contextmanager
def result_directory(out: Path) -> Iterator[Path]:
    """Give a temporary directory beside `out`, which becomes `out` when the block ends well."""
    with whole_directory(out, ours=lambda _: False, stays=lambda _: False) as new:
        yield new


def write_rows(folder: Path, tables: Iterable[pa.Table], notice: str | None) -> int:
    """Write the rows of all tables into one file; return how many.

    Parameters
    ----------
    folder : Path
    tables : iterable of Table
        Of `SCHEMA`, one behind the other.
    notice : str, optional
        Of simulated data, the sentence that says so in the file's metadata.
    """
    schema = SCHEMA if notice is None else SCHEMA.with_metadata(simulation_metadata({"notice": notice}))
    n_rows, held = 0, schema.empty_table()
    with pq.ParquetWriter(folder / ROWS, schema, compression="zstd") as writer:
        for table in tables:
            n_rows += len(table)
            held = pa.concat_tables([held, table.replace_schema_metadata(schema.metadata)])
            while len(held) >= _GROUP_ROWS:
                writer.write_table(held.slice(0, _GROUP_ROWS).combine_chunks())
                held = held.slice(_GROUP_ROWS)
        if len(held):
            writer.write_table(held.combine_chunks())
    return n_rows


def write_manifest(file: Path, manifest: Mapping[str, Any]) -> None:
    """Write what the rows are of, as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
