"""Writes an export as Parquet. Imported only when one is asked for: pyarrow takes 40 MB."""
# pyarrow has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from itertools import islice
from typing import BinaryIO

import pyarrow as pa
from pyarrow import parquet

from wherespent.exports.tables import Export, Type

_ROWS_PER_GROUP = 20_000
_TYPES = {
    Type.TEXT: pa.string(),
    Type.WHOLE: pa.int64(),
    Type.REAL: pa.float64(),
    Type.YES_NO: pa.bool_(),
    Type.USD: pa.decimal128(38, 9),
    Type.RATE: pa.decimal128(38, 18),
    Type.DAY: pa.date32(),
    Type.TIME: pa.timestamp("us", tz="UTC"),
}


def write_parquet(export: Export, file: BinaryIO) -> int:
    """Write all rows in row groups and say how many there were."""
    schema = pa.schema([(column.name, _TYPES[column.type]) for column in export.columns])
    count = 0
    with parquet.ParquetWriter(file, schema) as writer:
        while rows := list(islice(export.rows, _ROWS_PER_GROUP)):
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count
