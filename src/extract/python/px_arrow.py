"""Flat Arrow tables and their IPC stream encoding, with nothing but the standard library.

A table is a set of growing column buffers. Values arrive a whole file at a time (lists made by the
caller), are packed at once into arrays, and leave as one schema message, one record batch and the
end-of-stream marker. The flatbuffer metadata is written front to back: a table is laid out with
empty offset fields, its children follow, and the offsets are patched, so every offset is positive as
the format asks. Columns are int32, int64, utf8 and bool, always nullable.
"""

import struct
import sys
from array import array
from itertools import accumulate

INT32, INT64, UTF8, BOOL = "int32", "int64", "utf8", "bool"

_MAX_UTF8_BYTES = 2**31 - 1
_BITS = bytes([48] + [49] * 255)
_TYPE_CODE = {INT32: 2, INT64: 2, UTF8: 5, BOOL: 6}
_CONTINUATION = b"\xff\xff\xff\xff"
_END_OF_STREAM = _CONTINUATION + b"\0\0\0\0"
_METADATA_V5 = 4
_HEADER_SCHEMA, _HEADER_BATCH = 1, 3


def pack_bits(flags):
    """Packs a bytes-like object of 0/1 values into an LSB-first bitmap."""
    if not flags:
        return b""
    return int(bytes(flags).translate(_BITS)[::-1], 2).to_bytes((len(flags) + 7) // 8, "little")


def utf8_of(text):
    """UTF-8 of any Python string; a lone surrogate, which UTF-8 cannot hold, becomes its escape."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


class Column:
    """One nullable column. `mask` stays None until the first null; then it has a byte a row."""

    __slots__ = ("kind", "data", "lens", "mask", "rows")

    def __init__(self, kind):
        self.kind = kind
        self.mask = None
        self.rows = 0
        self.lens = array("i")
        self.data = array("i") if kind == INT32 else array("q") if kind == INT64 else bytearray()

    def _masked(self, count, mask):
        if mask is not None:
            if self.mask is None:
                self.mask = bytearray(b"\1") * self.rows
            self.mask += mask
        elif self.mask is not None:
            self.mask += b"\1" * count
        self.rows += count

    def put(self, values, mask=None):
        """Appends values: ints (0 where masked), str ('' where masked) or 0/1 bytes for bool."""
        self._masked(len(values), mask)
        if self.kind == UTF8:
            joined = "".join(values)
            if joined.isascii():
                self.lens.extend(array("i", map(len, values)))
                self.data += joined.encode()
            else:
                encoded = [utf8_of(value) for value in values]
                self.lens.extend(array("i", map(len, encoded)))
                self.data += b"".join(encoded)
        elif self.kind == BOOL:
            self.data += values
        else:
            self.data.extend(array(self.data.typecode, values))

    def put_const(self, value, count):
        """Appends the same value `count` times."""
        self._masked(count, None)
        if self.kind == UTF8:
            encoded = utf8_of(value)
            self.lens.extend(array("i", [len(encoded)]) * count)
            self.data += encoded * count
        elif self.kind == BOOL:
            self.data += bytes([value]) * count
        else:
            self.data.extend(array(self.data.typecode, [value]) * count)

    def put_null(self, count):
        """Appends `count` nulls."""
        self._masked(count, bytes(count))
        if self.kind == UTF8:
            self.lens.extend(array("i", [0]) * count)
        elif self.kind == BOOL:
            self.data += bytes(count)
        else:
            self.data.extend(array(self.data.typecode, [0]) * count)

    def put_optional(self, values):
        """Appends values in which None is null."""
        if None not in values:
            self.put(bytes(values) if self.kind == BOOL else values)
            return
        mask = bytes([value is not None for value in values])
        if self.kind == BOOL:
            self.put(bytes([bool(value) for value in values]), mask)
        else:
            blank = "" if self.kind == UTF8 else 0
            self.put([blank if value is None else value for value in values], mask)

    def truncate(self, rows):
        """Drops every row from `rows` on."""
        if self.kind == UTF8:
            del self.data[sum(self.lens[:rows]) :]
            del self.lens[rows:]
        else:
            del self.data[rows:]
        if self.mask is not None:
            del self.mask[rows:]
        self.rows = rows

    def null_count(self):
        return 0 if self.mask is None else self.mask.count(0)

    def buffers(self):
        """The Arrow buffers of the column: validity, then values (utf8: offsets, then bytes)."""
        validity = pack_bits(self.mask) if self.null_count() else b""
        if self.kind == BOOL:
            return [validity, pack_bits(self.data)]
        if self.kind == UTF8:
            if len(self.data) > _MAX_UTF8_BYTES:
                raise OverflowError("a text column of one chunk holds more than 2 GiB")
            return [validity, _little(array("i", accumulate(self.lens, initial=0))), self.data]
        return [validity, _little(self.data)]


def _little(values):
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()


class Table:
    """A named flat table; `columns` maps a column name to its Column, in schema order."""

    def __init__(self, name, spec):
        self.name = name
        self.columns = {column: Column(kind) for column, kind in spec}

    def __getitem__(self, column):
        return self.columns[column]

    @property
    def rows(self):
        return next(iter(self.columns.values())).rows

    def put_rows(self, rows):
        """Appends tuples in schema order; None is null."""
        if rows:
            for column, values in zip(self.columns.values(), zip(*rows)):
                column.put_optional(values)

    def truncate(self, rows):
        for column in self.columns.values():
            column.truncate(min(rows, column.rows))

    def to_ipc(self):
        """The whole table as one IPC stream."""
        bodies, nodes, buffers, at = [], [], [], 0
        for column in self.columns.values():
            nodes.append((column.rows, column.null_count()))
            for body in column.buffers():
                buffers.append((at, len(body)))
                pad = -len(body) % 8
                bodies += (body, b"\0" * pad)
                at += len(body) + pad
        fields = [(name, column.kind) for name, column in self.columns.items()]
        schema = _message(_HEADER_SCHEMA, 0, lambda out: _put_schema(out, fields))
        batch = _message(_HEADER_BATCH, at, lambda out: _put_batch(out, self.rows, nodes, buffers))
        return b"".join([schema, batch, *bodies, _END_OF_STREAM])


def _put_table(out, slots):
    """Writes a flatbuffer table; `slots` are (format, value) or None, format 'R' an offset to patch.

    Returns (position of the table, positions of its offset fields in slot order).
    """
    sizes = {"R": 4, "q": 8, "i": 4, "h": 2, "b": 1}
    vtable_len = 4 + 2 * len(slots)
    out += b"\0" * (-(len(out) + vtable_len + 4) % 8)
    used = sorted((s for s in range(len(slots)) if slots[s]), key=lambda s: -sizes[slots[s][0]])
    offsets, at = [0] * len(slots), 4
    for slot in used:
        offsets[slot] = at
        at += sizes[slots[slot][0]]
    out += struct.pack("<%dH" % (2 + len(slots)), vtable_len, at, *offsets)
    start = len(out)
    out += struct.pack("<i", vtable_len) + b"\0" * (at - 4)
    refs = []
    for slot, entry in enumerate(slots):
        if entry and entry[0] == "R":
            refs.append(start + offsets[slot])
        elif entry:
            struct.pack_into("<" + entry[0], out, start + offsets[slot], entry[1])
    return start, refs


def _patch(out, ref, target):
    struct.pack_into("<I", out, ref, target - ref)


def _put_vector(out, count, payload, align):
    """Writes a vector whose elements start at a multiple of `align`; returns its position."""
    out += b"\0" * (-(len(out) + 4) % align)
    start = len(out)
    out += struct.pack("<I", count) + payload
    return start


def _put_schema(out, fields):
    start, (fields_ref,) = _put_table(out, [("h", 0), ("R", 0)])
    vector = _put_vector(out, len(fields), bytes(4 * len(fields)), 4)
    _patch(out, fields_ref, vector)
    for index, (name, kind) in enumerate(fields):
        table, (name_ref, type_ref, children_ref) = _put_table(
            out, [("R", 0), ("b", 1), ("b", _TYPE_CODE[kind]), ("R", 0), None, ("R", 0)]
        )
        _patch(out, vector + 4 + 4 * index, table)
        encoded = name.encode()
        _patch(out, name_ref, _put_vector(out, len(encoded), encoded + b"\0", 4))
        width = {INT32: 32, INT64: 64}.get(kind)
        slots = [("i", width), ("b", 1)] if width else []
        _patch(out, type_ref, _put_table(out, slots)[0])
        _patch(out, children_ref, _put_vector(out, 0, b"", 4))
    return start


def _put_batch(out, rows, nodes, buffers):
    start, (nodes_ref, buffers_ref) = _put_table(out, [("q", rows), ("R", 0), ("R", 0)])
    for ref, pairs in ((nodes_ref, nodes), (buffers_ref, buffers)):
        payload = b"".join(struct.pack("<qq", *pair) for pair in pairs)
        _patch(out, ref, _put_vector(out, len(pairs), payload, 8))
    return start


def _message(header, body_len, put_header):
    """An encapsulated message: marker, metadata length, metadata padded to 8 bytes."""
    out = bytearray(4)
    root, (header_ref,) = _put_table(
        out, [("h", _METADATA_V5), ("b", header), ("R", 0), ("q", body_len)]
    )
    _patch(out, 0, root)
    _patch(out, header_ref, put_header(out))
    out += b"\0" * (-len(out) % 8)
    return _CONTINUATION + struct.pack("<i", len(out)) + bytes(out)
