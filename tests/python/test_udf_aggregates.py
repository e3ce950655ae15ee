#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions over many rows (aggregates, windows, alignment) in SQL, beside a second implementation in plain Python.

    UDF_ROWS=3000  UDF_SEED=20240229    one seed gives the same rows everywhere

The definitions are written here once more from the reference of the functions, and recomputed from scratch for every
group and every frame. Grouped ones must give the same for any number of partitions and batches, and when memory is so
short that the engine spills.
"""
import datetime
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import pyarrow as pa
    import pyarrow.ipc
except ImportError as missing:
    print(f"the module {missing.name} is not installed (tools/setup.sh)")
    sys.exit(77)

ROWS = int(os.environ.get("UDF_ROWS", "3000"))
SEED = int(os.environ.get("UDF_SEED", "20240229"))
LETTERS = ["a", "b", "ab", "B", "", "ß", "é", "\U0001f600", "zz", "a longer text than the others are, 40 bytes"]


# ---- the definitions ---------------------------------------------------------------------------

def unique(values, ignore):
    found = sorted({value for value in values if value is not None}, key=lambda text: text.encode())
    return found + [None] if None in values and not ignore else found


def count_distinct(values, ignore):
    return len(set(values) - {None}) + (None in values and not ignore)


def best(pairs, sign):
    kept = [(sign * key, value.encode()) for value, key in pairs if value is not None and key is not None]
    return min(kept)[1].decode() if kept else None


def of(column, definition):
    return lambda rows, ignore: definition([row[column] for row in rows], ignore)


def of_pairs(sign):
    return lambda rows, _: best([(row["value"], row["key"]) for row in rows], sign)


# call without null treatment, definition(rows, ignores nulls)
AGGREGATES = {
    "list_unique(value)": of("value", unique),
    "collect_set(value)": of("value", unique),
    "count_distinct_agg(value)": of("value", count_distinct),
    "count_distinct_agg(key)": of("key", count_distinct),
    "count_distinct_agg(day)": of("day", count_distinct),
    "count_if(flag)": lambda rows, _: sum(row["flag"] is True for row in rows),
    "any_value_det(value, key)": of_pairs(1),
    "arg_min(value, key)": of_pairs(1),
    "arg_max(value, key)": of_pairs(-1),
    "asof_select(value, key)": of_pairs(-1),
}
MODES = ("EXACT", "CONTAINED_BEST", "OVERLAP_BEST")


def is_candidate(left, right, mode):
    (ls, le), (rs, re) = left, right
    return {"EXACT": (ls, le) == (rs, re), "CONTAINED_BEST": rs >= ls and re <= le,
            "OVERLAP_BEST": re > ls and rs < le}[mode]


def align(left, rights, mode):
    """Winner as (value, start, end, score, candidates), or None."""
    found = [(max(0, end - start), start, end, value) for start, end, value in rights
             if is_candidate(left, (start, end), mode)]
    if not found:
        return None
    length, start, end, value = min(found, key=lambda of: (*of[:3], of[3].encode()))
    return value, start, end, -float(length), len(found)


# ---- SQL ---------------------------------------------------------------------------------------

def make_rows(rng, count):
    return [{
        "id": i,
        "g": rng.randrange(37),
        "value": None if rng.random() < 0.1 else rng.choice(LETTERS) + str(rng.randrange(6)),
        "key": None if rng.random() < 0.1 else rng.choice((rng.randrange(-5, 5), -2**63, 2**63 - 1)),
        "flag": rng.choice((True, False, None)),
        "day": None if rng.random() < 0.1 else datetime.date(2024, 1, 1 + rng.randrange(20)),
    } for i in range(count)]


SCHEMA = pa.schema([("id", pa.int64()), ("g", pa.int64()), ("value", pa.string()), ("key", pa.int64()),
                    ("flag", pa.bool_()), ("day", pa.date32())])


def write(path, rows, schema):
    with pa.ipc.new_file(path, schema) as sink:
        sink.write_table(pa.Table.from_pylist(rows, schema), max_chunksize=500)


class Case(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="pn-agg-")
        cls.folder = pathlib.Path(cls.holder.name)
        (cls.folder / "data").mkdir()
        cls.rng = random.Random(SEED)
        cls.fill()

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    @classmethod
    def run_sql(cls, sql, *options):
        """The rows as lists, in the order in which they came."""
        target = cls.folder / "out.arrow"
        target.unlink(missing_ok=True)
        query = cls.folder / "query.sql"
        query.write_text(sql, encoding="utf-8")
        settings = [word for option in options for word in ("--set", option)]
        done = subprocess.run([os.environ["PN_BIN"], "-q", *settings, "run", "--autoload", cls.folder / "data",
                               "--no-record", "-f", query, "-o", target],
                              capture_output=True, text=True, check=False, timeout=600)
        if done.returncode != 0:
            raise AssertionError(f"{sql[:800]}\n{done.stderr[-2000:]}")
        table = pa.ipc.open_stream(target).read_all()
        return list(zip(*(column.to_pylist() for column in table.columns)))


class Grouped(Case):
    @classmethod
    def fill(cls):
        cls.rows = make_rows(cls.rng, ROWS)
        write(cls.folder / "data/rows.arrow", cls.rows, SCHEMA)

    def expected(self, definitions, ignore, keep=lambda row: True):
        groups = {}
        for row in self.rows:
            groups.setdefault(row["g"], []).append(row)
        return sorted((g, *(definition([row for row in rows if keep(row)], ignore) for definition in definitions))
                      for g, rows in groups.items())

    def select(self, nulls="", extra=""):
        return ", ".join(f"{call}{nulls}{extra}" for call in AGGREGATES)

    def test_any_partitioning_gives_what_python_gives(self):
        want = self.expected(AGGREGATES.values(), False)
        for partitions, batch in ((1, 8192), (2, 64), (4, 100), (8, 1000)):
            got = self.run_sql(f"SELECT g, {self.select()} FROM rows GROUP BY g ORDER BY g",
                               f"target_partitions={partitions}", f"batch_size={batch}")
            self.assertEqual(got, want, f"{partitions} partitions of {batch} rows")

    def test_rows_that_skip_the_first_stage(self):
        """With more groups than it is worth, rows become partial states one by one."""
        sql = f"SELECT id, {self.select(' FILTER (WHERE g > 3) IGNORE NULLS')} FROM rows GROUP BY id ORDER BY id"
        got = self.run_sql(sql, "target_partitions=2", "batch_size=128",
                           "datafusion.execution.skip_partial_aggregation_probe_rows_threshold=256",
                           "datafusion.execution.skip_partial_aggregation_probe_ratio_threshold=0.1")
        want = [(row["id"], *(d([row] if row["g"] > 3 else [], True) for d in AGGREGATES.values()))
                for row in self.rows]
        self.assertEqual(got, want)

    def test_every_type_of_text(self):
        table = pa.Table.from_pylist(self.rows, SCHEMA)
        kinds = {"large": pa.large_string(), "seen": pa.string_view(), "coded": pa.dictionary(pa.int32(), pa.string())}
        for name, kind in kinds.items():
            table = table.append_column(name, table["value"].combine_chunks().cast(kind))
        with pa.ipc.new_file(self.folder / "data/texts.arrow", table.schema) as sink:
            sink.write_table(table.slice(7), max_chunksize=333)
        want = []
        for g in range(37):
            rows = [row for row in self.rows[7:] if row["g"] == g]
            lists, most = unique([row["value"] for row in rows], False), of_pairs(-1)(rows, False)
            want.append((g, *([lists, most, len(lists)] * len(kinds))))
        calls = ", ".join(f"list_unique({name}), arg_max({name}, key), count_distinct_agg({name})" for name in kinds)
        self.assertEqual(self.run_sql(f"SELECT g, {calls} FROM texts GROUP BY g ORDER BY g"), want)

    def test_null_treatment_distinct_and_filter(self):
        got = self.run_sql(f"SELECT g, {self.select(' IGNORE NULLS')} FROM rows GROUP BY g ORDER BY g")
        self.assertEqual(got, self.expected(AGGREGATES.values(), True))
        got = self.run_sql(f"SELECT g, {self.select(' RESPECT NULLS')} FROM rows GROUP BY g ORDER BY g")
        self.assertEqual(got, self.expected(AGGREGATES.values(), False))
        sets = [call for call in AGGREGATES if not call.startswith("count_if")]
        distinct = ", ".join(call.replace("(", "(DISTINCT ") for call in sets)
        got = self.run_sql(f"SELECT g, {distinct} FROM rows GROUP BY g ORDER BY g")
        self.assertEqual(got, self.expected([AGGREGATES[call] for call in sets], False))
        got = self.run_sql(f"SELECT g, {self.select('', ' FILTER (WHERE id % 3 = 1)')} FROM rows GROUP BY g ORDER BY g")
        self.assertEqual(got, self.expected(AGGREGATES.values(), False, lambda row: row["id"] % 3 == 1))

    def test_without_groups_and_without_rows(self):
        got = self.run_sql(f"SELECT {self.select()} FROM rows")
        self.assertEqual(got, [tuple(definition(self.rows, False) for definition in AGGREGATES.values())])
        got = self.run_sql(f"SELECT {self.select()} FROM rows WHERE id < 0")
        self.assertEqual(got, [tuple(definition([], False) for definition in AGGREGATES.values())])

    def test_sliding_frames_equal_a_recomputation(self):
        by_group = {}
        for row in self.rows:
            by_group.setdefault(row["g"] % 5, []).append(row)
        for _ in range(6):
            before, after = self.rng.randrange(12), self.rng.randrange(-3, 6)
            bound = f"{after} FOLLOWING" if after >= 0 else f"{-after} PRECEDING"
            if after < -before:
                continue
            ignore = self.rng.random() < 0.5
            over = (f" {'IGNORE NULLS' if ignore else ''} OVER (PARTITION BY g % 5 ORDER BY id "
                    f"ROWS BETWEEN {before} PRECEDING AND {bound})")
            got = self.run_sql(f"SELECT id, {self.select(over)} FROM rows ORDER BY id", "batch_size=256")
            want = []
            for rows in by_group.values():
                for at, row in enumerate(rows):
                    frame = rows[max(0, at - before):max(0, at + after + 1)]
                    want.append((row["id"], *(d(frame, ignore) for d in AGGREGATES.values())))
            self.assertEqual(got, sorted(want), over)

    def test_growing_frames_equal_a_recomputation(self):
        got = self.run_sql(f"SELECT id, {self.select(' OVER (PARTITION BY g ORDER BY id)')} FROM rows "
                           "WHERE g < 3 ORDER BY id")
        want = []
        for row in self.rows:
            if row["g"] < 3:
                frame = [other for other in self.rows if other["g"] == row["g"] and other["id"] <= row["id"]]
                want.append((row["id"], *(d(frame, False) for d in AGGREGATES.values())))
        self.assertEqual(got, want)


class Spilling(Case):
    """Many groups with long lists, in less memory than they need."""

    @classmethod
    def fill(cls):
        cls.rows = [{"g": cls.rng.randrange(20000), "value": f"value {cls.rng.randrange(10**6)} and more of it",
                     "key": cls.rng.randrange(-10**9, 10**9)} for _ in range(60000)]
        schema = pa.schema([("g", pa.int64()), ("value", pa.string()), ("key", pa.int64())])
        write(cls.folder / "data/many.arrow", cls.rows, schema)

    def test_spilled_groups_equal_python(self):
        groups = {}
        for row in self.rows:
            groups.setdefault(row["g"], []).append(row)
        want = [(g, unique([row["value"] for row in rows], False), len({row["value"] for row in rows}),
                 best([(row["value"], row["key"]) for row in rows], -1)) for g, rows in sorted(groups.items())]
        sql = "SELECT g, list_unique(value), count_distinct_agg(value), arg_max(value, key) FROM many GROUP BY g"
        self.assertEqual(sorted(self.run_sql(sql, "memory_limit=2GiB", "target_partitions=2")), want)
        short = ("memory_limit=12MiB", "target_partitions=2", "batch_size=1024")
        self.assertEqual(sorted(self.run_sql(sql, *short)), want)
        plan = "\n".join(row[-1] for row in self.run_sql(f"EXPLAIN ANALYZE {sql}", *short))
        spills = [int(count) for count in re.findall(r"spill_count=(\d+)", plan)]
        self.assertTrue(any(spills), plan)


class Windows(Case):
    @classmethod
    def fill(cls):
        cls.spans = []
        for i in range(ROWS):
            start = cls.rng.randrange(60)
            cls.spans.append({"id": i, "path": f"p{cls.rng.randrange(25)}", "is_left": cls.rng.random() < 0.4,
                              "bstart": None if cls.rng.random() < 0.03 else start,
                              "bend": start + cls.rng.randrange(-1, 14), "symbol": f"s{cls.rng.randrange(40)}",
                              "score": cls.rng.choice((None, 0.5, 1.0, 2.0))})
        schema = pa.schema([("id", pa.int64()), ("path", pa.string()), ("is_left", pa.bool_()), ("bstart", pa.int64()),
                            ("bend", pa.int64()), ("symbol", pa.string()), ("score", pa.float64())])
        write(cls.folder / "data/spans.arrow", cls.spans, schema)

    def rights_of(self, path):
        return [(row["bstart"], row["bend"], row["symbol"]) for row in self.spans
                if row["path"] == path and not row["is_left"] and row["bstart"] is not None]

    def test_alignment_equals_a_look_at_every_pair(self):
        for mode in MODES:
            got = self.run_sql(
                "SELECT id, m['match_kind'], m['value'], m['right_start'], m['right_end'], m['score'], m['candidates'] "
                "FROM (SELECT id, is_left, interval_align(is_left, bstart, bend, symbol, "
                f"'{mode}', 'left') OVER (PARTITION BY path) AS m FROM spans) WHERE is_left ORDER BY id",
                "target_partitions=4")
            want = []
            for row in self.spans:
                if not row["is_left"]:
                    continue
                if row["bstart"] is None:
                    want.append((row["id"], "NO_PATH_OR_SPAN", None, None, None, None, 0))
                    continue
                found = align((row["bstart"], row["bend"]), self.rights_of(row["path"]), mode)
                want.append((row["id"], mode, *found) if found else
                            (row["id"], "NO_MATCH", None, None, None, None, 0))
            self.assertEqual(got, want, mode)
            inner = self.run_sql("SELECT count(*) FROM (SELECT interval_align(is_left, bstart, bend, symbol, "
                                 f"'{mode}') OVER (PARTITION BY path) AS m FROM spans) WHERE m IS NOT NULL")
            self.assertEqual(inner, [(sum(row[1] == mode for row in want),)])

    def test_one_winner_per_key(self):
        got = self.run_sql("SELECT id FROM (SELECT id, winner_select('desc, asc', score, symbol, id) OVER "
                           "(PARTITION BY path) AS wins FROM spans) WHERE wins ORDER BY id")
        keys = {}
        for row in self.spans:
            rank = (row["score"] is None, -(row["score"] or 0), row["symbol"].encode(), row["id"])
            keys[row["path"]] = min(keys.get(row["path"], (rank,)), (rank,))
        self.assertEqual(got, sorted((rank[3],) for (rank,) in keys.values()))
        same = self.run_sql("SELECT id FROM (SELECT id, dedupe_keep('KEEP_BEST_BY_SCORE', '', score, symbol, id) OVER "
                            "(PARTITION BY path) AS keeps FROM spans) WHERE keeps ORDER BY id")
        self.assertEqual(same, got)


class Vectors(Case):
    """The examples of the reference."""

    @classmethod
    def fill(cls):
        pass

    def rows_of(self, values):
        return f"(VALUES {values}) AS t(v, k)"

    def test_examples(self):
        for sql, want in [
                ("SELECT asof_select(v, k) FROM (VALUES ('a', 1), ('b', 3), ('c', 2)) AS t(v, k)", [("b",)]),
                ("SELECT list_unique(v) IGNORE NULLS FROM (VALUES ('a'), (NULL), ('a')) AS t(v)", [(["a"],)]),
                ("SELECT list_unique(v) FROM (VALUES ('a'), (NULL), ('a')) AS t(v)", [(["a", None],)]),
                ("SELECT list_unique(v) OVER (ORDER BY k ROWS 1 PRECEDING) FROM "
                 "(VALUES ('a', 1), ('b', 2), ('c', 3)) AS t(v, k) ORDER BY k",
                 [(["a"],), (["a", "b"],), (["b", "c"],)]),
                ("SELECT count_distinct_agg(v) OVER (ORDER BY k ROWS 1 PRECEDING) FROM "
                 "(VALUES ('a', 1), ('b', 2), ('b', 3)) AS t(v, k) ORDER BY k", [(1,), (2,), (1,)]),
                ("SELECT count_distinct_agg(v) IGNORE NULLS OVER (ORDER BY k ROWS 1 PRECEDING) FROM "
                 "(VALUES ('a', 1), ('b', 2), ('a', 3), (NULL, 4)) AS t(v, k) ORDER BY k",
                 [(1,), (2,), (2,), (1,)]),
                ("SELECT count_distinct_agg(v) IGNORE NULLS, count_distinct_agg(v) FROM "
                 "(VALUES ('a'), (NULL)) AS t(v)", [(1, 2)]),
                ("SELECT count_distinct_agg(v) FROM (VALUES ('a')) AS t(v) WHERE v = 'b'", [(0,)]),
                ("SELECT value FROM range_table(1, 4)", [(1,), (2,), (3,)]),
                ("SELECT k, s, dedupe_best_by_score() OVER (PARTITION BY k ORDER BY s DESC) AS n FROM "
                 "(VALUES ('a', 1), ('a', 2), ('b', 3)) AS t(k, s) ORDER BY k, s",
                 [("a", 1, 2), ("a", 2, 1), ("b", 3, 1)]),
                ("SELECT row_number_window() OVER (ORDER BY v), lag_window(v) OVER (ORDER BY v), "
                 "lead_window(v, 1, 'z') OVER (ORDER BY v) FROM (VALUES ('a'), ('b')) AS t(v) ORDER BY 1",
                 [(1, None, "b"), (2, "a", "z")]),
                ("SELECT first_value_agg(v ORDER BY v), last_value_agg(v ORDER BY v), string_agg(v, '-' ORDER BY v) "
                 "FROM (VALUES ('b'), ('a'), ('c')) AS t(v)", [("a", "c", "a-b-c")])]:
            self.assertEqual(self.run_sql(sql), want, sql)


if __name__ == "__main__":
    unittest.main(verbosity=2)
