"""A dataset's fingerprint: what was learned from can be told by it, whatever file it came in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def fingerprint_of(frames: Mapping[str, pd.DataFrame]) -> str:
    """Return the SHA-256, in hexadecimal, of some tables' content.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Normalised tables, list cells still joined. The order of tables and of columns does not matter, nor
        does a column without a value; the order of rows does.

    Examples
    --------
    >>> one = pd.DataFrame({"a": ["x"], "b": [0.5]})
    >>> fingerprint_of({"t": one}) == fingerprint_of({"t": one[["b", "a"]]})
    True
    """
    digest = hashlib.sha256()
    for name in sorted(frames):
        frame = frames[name]
        digest.update(f"table {name} {len(frame)}\n".encode())
        for column in sorted(frame.columns):
            if frame[column].notna().any():
                digest.update(f"column {column}\n".encode())
                digest.update(_content(frame[column]))
    return digest.hexdigest()


def _content(column: pd.Series) -> bytes:
    payload: bytes
    missing = column.isna().to_numpy(dtype=bool)
    if isinstance(column.dtype, pd.StringDtype):
        filled = pa.array(column.fillna("").to_numpy(dtype=object), pa.large_string())
        lengths = pc.binary_length(filled).to_numpy().astype("<i8")
        payload = lengths.tobytes() + bytes(filled.buffers()[2] or b"")[: int(lengths.sum())]
    elif isinstance(column.dtype, pd.DatetimeTZDtype):
        payload = (
            column.dt.as_unit("us").fillna(pd.Timestamp(0, tz="UTC")).astype("int64").to_numpy().tobytes()
        )
    else:
        numbers = column.astype("float64").fillna(0.0).to_numpy(dtype="<f8")
        # -0.0 and 0.0 are one value
        payload = (numbers + 0.0).tobytes()
    return np.packbits(missing).tobytes() + payload
