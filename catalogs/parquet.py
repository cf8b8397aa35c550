"""Parquet files, read if what they hold is no more than their size allows.

A column of equal values packs to nothing: half a megabyte can hold a billion of them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import islice

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FEW_VALUES, VALUES_PER_BYTE = 4_000_000, 10
"""Values that a file of any size may have, and those for each of its bytes: real catalogs have one
or two, as each event takes some bytes of time and place."""

TEXT = frozenset({"BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"})

Chunks = Sequence[tuple[int, pq.ColumnChunkMetaData]]
"""Columns by row group."""

AT_ONCE = 1000
"""Values of text that are read together where each may be long."""

LITTLE_TEXT, TEXT_PER_BYTE = 1 << 26, 1000
"""The same for bytes of text, which is packed well where it repeats."""


def read_parquet(content: bytes) -> pd.DataFrame:
    """The table in a Parquet file.

    Raises
    ------
    ValueError
        If it holds far more than its size allows. pyarrow raises many other kinds for a damaged
        file.
    """
    check_parquet(content)
    return pd.read_parquet(io.BytesIO(content))


def read_arrow(content: bytes) -> pa.Table:
    """The same as a table of Arrow, which has the file's metadata."""
    check_parquet(content)
    return pq.read_table(io.BytesIO(content))


def check_parquet(content: bytes) -> None:
    """Refuse a file that holds far more than its size allows, before it is read.

    Raises
    ------
    ValueError
        Saying what it holds.
    """
    size = len(content)
    with pq.ParquetFile(io.BytesIO(content)) as file:
        about = file.metadata
        chunks = [
            (i, about.row_group(i).column(j))
            for i in range(about.num_row_groups)
            for j in range(about.num_columns)
        ]
    values = max(sum(c.num_values for _, c in chunks), about.num_rows * max(about.num_columns, 1))
    most = FEW_VALUES + VALUES_PER_BYTE * size
    if values > most:
        raise ValueError(
            f"{values:,} values in {size:,} bytes, where catalogs have {most:,} at most"
        )
    most = LITTLE_TEXT + TEXT_PER_BYTE * size
    texts = [(i, c) for i, c in chunks if c.physical_type in TEXT]
    if _coded_bytes(content, texts) + _continued_bytes(content, texts, most) > most:
        raise ValueError(f"more than {most:,} bytes of text in {size:,} bytes")


def _coded_bytes(content: bytes, chunks: Chunks) -> int:
    """Bytes of text, at most, of columns with a dictionary, which is read with the first value."""
    coded = [(i, c) for i, c in chunks if c.has_dictionary_page]
    names = sorted({c.path_in_schema for _, c in coded})
    total = 0
    with pq.ParquetFile(io.BytesIO(content), read_dictionary=names) as file:
        for group, chunk in coded:
            parts = file.iter_batches(1, [group], [chunk.path_in_schema], use_threads=False)
            total += chunk.num_values * max(map(_longest, islice(parts, 1)), default=0)
    return total


def _continued_bytes(content: bytes, chunks: Chunks, most: int) -> int:
    """Bytes of text where each value continues the one before, counted up to ``most``."""
    total = 0
    with pq.ParquetFile(io.BytesIO(content)) as file:
        for group, chunk in chunks:
            if chunk.has_dictionary_page or "DELTA_BYTE_ARRAY" not in chunk.encodings:
                continue
            name = [chunk.path_in_schema]
            for part in file.iter_batches(AT_ONCE, [group], name, use_threads=False):
                total += int(part.nbytes)
                if total > most:
                    return total
    return total


def _longest(part: pa.RecordBatch) -> int:
    """Bytes of the longest text in the dictionary of the only column."""
    column = part.column(0)
    if not pa.types.is_dictionary(column.type):
        raise ValueError(f"column {part.schema.names[0]!r} has lists of text: leave it out")
    return int(pc.max(pc.binary_length(column.dictionary)).as_py() or 0)
