"""Evidence tables of a folder of Python files, made with the real extractors, for the pack's tests.

Speaks pinion-extract v1 with the worker programs and nests their flat frames into the schemas of
evidence_schema.py: what the C side does in the product, written a second time with pyarrow.

    python make_evidence.py FOLDER OUT_FOLDER [--ts WORKER]      one Parquet file per table
"""

import argparse
import hashlib
import itertools
import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.compute
import pyarrow.ipc
import pyarrow.parquet

from evidence_schema import ATTRS, STATS, TABLES

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
PYTHON_WORKER = os.path.join(PROJECT, "src", "extract", "python", "pinion_extract_python.py")
CHUNK_FILES, CHUNK_BYTES = 64, 4 << 20
DEFAULTS = {"end_exclusive": True, "col_unit": "byte"}


def read_files(folder):
    """[(path, bytes)] of the Python files below a folder, sorted by path."""
    found = []
    for base, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith(".py"):
                full = os.path.join(base, name)
                with open(full, "rb") as stream:
                    path = os.path.relpath(full, folder).replace(os.sep, "/")
                    found.append((path, stream.read()))
    return sorted(found)


def file_id(path):
    return "file:" + hashlib.blake2b(path.encode(), digest_size=16).hexdigest()


def chunks(files):
    """The files in chunks of the protocol's size."""
    chunk, size = [], 0
    for entry in files:
        if chunk and (len(chunk) == CHUNK_FILES or size + len(entry[1]) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(entry)
        size += len(entry[1])
    if chunk:
        yield chunk


class Worker:
    """A running extractor program."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def ask(self, chunk):
        """({flat table: pyarrow table}, trailer) of one chunk."""
        files = [{"path": p, "file_id": file_id(p), "size": len(d)} for p, d in chunk]
        self.process.stdin.write(json.dumps({"files": files}).encode() + b"\n")
        self.process.stdin.write(b"".join(data for _, data in chunk))
        self.process.stdin.flush()
        flat = {}
        while True:
            name, size = self.process.stdout.readline().split()
            payload = self.process.stdout.read(int(size))
            if name == b"end":
                return flat, json.loads(payload)
            flat[name.decode()] = pa.ipc.open_stream(payload).read_all().combine_chunks()


def _offsets(flat, column, parents):
    counts = [0] * parents
    for row in flat[column].value_counts().to_pylist() if flat is not None else ():
        counts[row["values"]] = row["counts"]
    return pa.array([0, *itertools.accumulate(counts)], pa.int32())


def nest_list(tables, name, kind, column, parents):
    """The list or map column `name` for `parents` rows; `column` numbers them in the flat table."""
    flat = tables.get(name)
    offsets = _offsets(flat, column, parents)
    rows = flat.num_rows if flat is not None else 0
    if pa.types.is_map(kind):
        keys = _leaf(flat, "key", kind.key_type, rows)
        return pa.MapArray.from_arrays(offsets, keys, _leaf(flat, "value", kind.item_type, rows))
    item = kind.value_type
    values = (
        nest_struct(tables, name, "", item, rows)[0]
        if pa.types.is_struct(item)
        else _leaf(flat, "item", item, rows)
    )
    return pa.ListArray.from_arrays(offsets, values)


def _leaf(flat, column, kind, rows):
    if flat is not None and column in flat.column_names:
        return pa.concat_arrays(flat[column].cast(kind).chunks) if rows else pa.nulls(0, kind)
    default = DEFAULTS.get(column.rpartition(".")[2])
    return pa.nulls(rows, kind) if default is None else pa.array([default] * rows, kind)


def nest_struct(tables, name, prefix, kind, rows):
    """(struct array, mask of rows where a leaf holds a value) of the flat table `name`."""
    flat, children, filled = tables.get(name), [], pa.array([False] * rows, pa.bool_())
    for field in kind:
        path = prefix + field.name
        if pa.types.is_struct(field.type):
            child, some = nest_struct(tables, name, path + ".", field.type, rows)
            filled = pa.compute.or_(filled, some)
        elif pa.types.is_list(field.type) or pa.types.is_map(field.type):
            child = nest_list(tables, f"{name}.{path}", field.type, "row", rows)
        else:
            child = _leaf(flat, path, field.type, rows)
            if field.name not in DEFAULTS:
                filled = pa.compute.or_(filled, child.is_valid())
        children.append(child)
    mask = pa.compute.invert(filled) if prefix else None
    return pa.StructArray.from_arrays(children, fields=list(kind), mask=mask), filled


def _identity(chunk):
    paths = [path for path, _ in chunk]
    return {
        "repo": pa.array([""] * len(chunk)),
        "path": pa.array(paths),
        "file_id": pa.array([file_id(path) for path in paths]),
        "file_sha256": pa.array([hashlib.sha256(data).hexdigest() for _, data in chunk]),
    }


def nest_chunk(table, flat, chunk):
    """One evidence table of one chunk."""
    prefix, lists = TABLES[table]
    columns = _identity(chunk)
    for name, kind in lists.items():
        columns[name] = nest_list(flat, f"{prefix}.{name}", kind, "file", len(chunk))
    if prefix == "ts":
        columns["stats"] = _stats(flat.get("ts.stats"), len(chunk))
    columns["attrs"] = nest_list({}, "none", ATTRS, "row", len(chunk))
    return pa.table(columns)


def _stats(flat, files):
    rows = [None] * files
    for row in flat.to_pylist() if flat is not None else ():
        rows[row["file"]] = {field.name: row.get(field.name) for field in STATS}
    return pa.array(rows, STATS)


def _line_rows(path, data):
    start = 0
    for number, line in enumerate(data.splitlines(keepends=True)):
        kind = "crlf" if line.endswith(b"\r\n") else "lf" if line.endswith(b"\n") else "none"
        text = line.rstrip(b"\r\n")[:10000].decode("utf-8", "replace")
        yield file_id(path), path, number, start, start + len(line), text, kind
        start += len(line)


def file_tables(files):
    """repo_files_v1 and file_line_index_v1."""
    identity = _identity(files)
    repo_files = pa.table(
        {
            "file_id": identity["file_id"],
            "path": identity["path"],
            "abs_path": identity["path"],
            "size_bytes": pa.array([len(data) for _, data in files], pa.int64()),
            "mtime_ns": pa.array([0] * len(files), pa.int64()),
            "file_sha256": identity["file_sha256"],
            "encoding": pa.array(["utf-8"] * len(files)),
        }
    )
    names = "file_id path line_no line_start_byte line_end_byte line_text newline_kind".split()
    kinds = [pa.utf8(), pa.utf8(), pa.int64(), pa.int64(), pa.int64(), pa.utf8(), pa.utf8()]
    rows = [row for path, data in files for row in _line_rows(path, data)]
    columns = zip(*rows) if rows else [[] for _ in names]
    lines = pa.table({n: pa.array(c, k) for n, c, k in zip(names, columns, kinds)})
    return {"repo_files_v1": repo_files, "file_line_index_v1": lines}


def extract(files, command, tables):
    """{evidence table: pyarrow table} of what one worker program finds in the files."""
    parts = {name: [] for name in tables}
    with Worker(command) as worker:
        for chunk in chunks(files):
            flat, trailer = worker.ask(chunk)
            lost = [f for f in trailer["files"] if f["status"] != "ok"]
            if lost:
                raise RuntimeError(f"the extractor lost files: {lost[:3]}")
            for name in tables:
                parts[name].append(nest_chunk(name, flat, chunk))
    return {name: pa.concat_tables(pieces) for name, pieces in parts.items()}


def make_evidence(files, ts_worker=None):
    """All evidence tables. Without a tree-sitter worker its lists stay empty."""
    found = file_tables(files)
    python_tables = ("ast_files_v1", "symtable_files_v1", "libcst_files_v1")
    found.update(extract(files, [sys.executable, PYTHON_WORKER], python_tables))
    if ts_worker:
        found.update(extract(files, [ts_worker], ("tree_sitter_files_v1",)))
    else:
        found["tree_sitter_files_v1"] = nest_chunk("tree_sitter_files_v1", {}, files)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder")
    parser.add_argument("out")
    parser.add_argument("--ts", help="the tree-sitter worker program")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    for name, table in make_evidence(read_files(options.folder), options.ts).items():
        path = os.path.join(options.out, name + ".parquet")
        pa.parquet.write_table(table, path, row_group_size=256)
        print(f"{name}: {table.num_rows} rows")


if __name__ == "__main__":
    main()
