"""Runs the views of packs/python on PyPI's DataFusion, for tests of the pack alone.

The functions that the product adds are Python functions here. They have a fixed number of arguments
in PyPI's binding, so calls of stable_id_parts are renamed by their argument count.
"""

import glob
import hashlib
import os
import re

import datafusion
import pyarrow as pa

HERE = os.path.dirname(os.path.abspath(__file__))
PACK = os.path.join(os.path.dirname(os.path.dirname(HERE)), "packs", "python")
MAX_PARTS = 12
_CALL = "stable_id_parts("


def blake2_hex(text):
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def stable_id_parts(prefix, *parts):
    """The product's function: parts joined by U+001F, null as __NULL__, BLAKE2b-128 in hex."""
    joined = "\x1f".join("__NULL__" if part is None else str(part) for part in parts)
    return f"{prefix}:{blake2_hex(joined)}"


def _arguments(sql, start):
    """(argument texts, end) of the call whose arguments begin at `start`."""
    found, depth, quoted, begin, at = [], 1, False, start, start
    while depth:
        char = sql[at]
        if quoted or char == "'":
            quoted = not quoted if char == "'" else quoted
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        if depth == 0 or (char == "," and depth == 1 and not quoted):
            found.append(sql[begin:at].strip())
            begin = at + 1
        at += 1
    return found, at


def rename_calls(sql):
    """stable_id_parts(a, b) -> stable_id_parts_2(text of a, text of b)."""
    out, at = [], 0
    while (found := sql.find(_CALL, at)) >= 0:
        arguments, end = _arguments(sql, found + len(_CALL))
        texts = ", ".join(f"arrow_cast({rename_calls(a)}, 'Utf8')" for a in arguments)
        out += [sql[at:found], f"stable_id_parts_{len(arguments)}({texts})"]
        at = end
    return "".join(out) + sql[at:]


def _hash_function(count):
    def run(*columns):
        rows = zip(*(column.to_pylist() for column in columns))
        return pa.array([stable_id_parts(*row) for row in rows], pa.utf8())

    name = f"stable_id_parts_{count}"
    return datafusion.udf(run, [pa.utf8()] * count, pa.utf8(), "immutable", name)


def read_views():
    """{view name: SQL without comments} of the pack."""
    views = {}
    for path in glob.glob(os.path.join(PACK, "views", "**", "*.sql"), recursive=True):
        with open(path, encoding="utf-8") as stream:
            views[os.path.basename(path)[:-4]] = re.sub(r"--[^\n]*", "", stream.read())
    return views


def reads_of(views, name):
    """The other views that a view names."""
    return sorted(set(re.findall(r"[a-z_0-9]+", views[name])) & views.keys() - {name})


def view_order(views, roots):
    """The views that the roots need, each after those it reads."""
    order = []

    def visit(name, above):
        if name in above:
            raise ValueError(f"views form a cycle at {name}")
        if name not in order:
            for other in reads_of(views, name):
                visit(other, above | {name})
            order.append(name)

    for name in sorted(roots):
        visit(name, frozenset())
    return order


def read_outputs():
    """The names of the views that pinion.yaml lists as outputs."""
    with open(os.path.join(PACK, "pinion.yaml"), encoding="utf-8") as stream:
        return re.findall(r"^ *- \{view: (\w+)", stream.read(), re.M)


def shared_views(views, wanted):
    """The views that a build of `wanted` makes once: outputs, and what more than one view reads."""
    readers = {name: 0 for name in views}
    for name in wanted:
        for other in reads_of(views, name):
            readers[other] += 1
    return {name for name, count in readers.items() if count > 1} | set(read_outputs())


def open_pack(evidence, roots=None):
    """A session with the views of the pack that `roots` need (all outputs when None)."""
    session = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(2))
    for count in range(2, MAX_PARTS + 1):
        session.register_udf(_hash_function(count))
    for name, table in evidence.items():
        session.register_record_batches(name, [table.to_batches()])
    views = read_views()
    order = view_order(views, roots or read_outputs())
    shared = shared_views(views, order)
    for name in order:
        sql = rename_calls(views[name])
        if name not in shared:
            session.sql(f"CREATE VIEW {name} AS {sql}")
            continue
        frame = session.sql(sql)
        rows = frame.collect()
        empty = pa.RecordBatch.from_pylist([], schema=frame.schema())
        session.register_record_batches(name, [rows or [empty]])
    return session


def rows_of(session, sql):
    return session.sql(rename_calls(sql)).to_pylist()
