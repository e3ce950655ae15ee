#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Canonical Substrait against another build of the same engine: the PyPI package datafusion.

Its producer writes extension declarations in the order of a hash map, so its bytes differ between
sessions; canonical bytes must not, and they must give the same rows when they are read back.
Skipped (77) without the library, the package or the TPC-H data.
"""
import os
import pathlib
import sys
import unittest

import substrait_plans as plans

DATA = pathlib.Path(os.environ.get("PN_EXTERNAL_DATA", plans.ROOT.parent / "shared/data")) / "tpch"
SESSIONS = 20


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


try:
    from datafusion import SessionContext, substrait
    import pyarrow as pa
except ImportError as missing:
    skip(missing)
if not DATA.is_dir():
    skip(f"no TPC-H data in {DATA}")
PINION, WHY_NOT = plans.load()
if not PINION:
    skip(WHY_NOT)


def canonical(raw):
    """The canonical bytes of a plan."""
    return plans.Plan(PINION, raw).bytes()


def produced(context, sql):
    """What the engine's own producer writes of the optimised plan."""
    plan = context.sql(sql).optimized_logical_plan()
    return bytes(substrait.Producer.to_substrait_plan(plan, context).encode())


def rows(context, plan):
    logical = substrait.Consumer.from_substrait_plan(
        context, substrait.Serde.deserialize_bytes(plan))
    batches = context.create_dataframe_from_logical_plan(logical).collect()
    return sorted(repr(list(row.values())) for batch in batches for row in batch.to_pylist())


def tpch():
    context = SessionContext()
    for path in sorted((DATA / "data_sf0.01").glob("*.parquet")):
        context.register_parquet(path.stem, str(path))
    return context


def small(**columns):
    context = SessionContext()
    context.from_arrow(pa.table(columns), name="t")
    return context


def query(path):
    return path.read_text(encoding="utf-8").strip().rstrip(";")


class Canonical(unittest.TestCase):
    def test_all_of_tpch_replays_with_equal_rows(self):
        paths = sorted((DATA / "queries").glob("*.sql"))
        self.assertEqual(len(paths), 22)
        for path in paths:
            with self.subTest(path.stem):
                context = tpch()
                raw = produced(context, query(path))
                ours = canonical(raw)
                self.assertEqual(canonical(ours), ours)
                self.assertEqual(canonical(produced(tpch(), query(path))), ours)
                self.assertEqual(rows(context, ours), rows(context, raw))

    def test_sessions_differ_in_bytes_and_agree_in_the_canonical_form(self):
        sql = query(DATA / "queries/q01.sql")
        raw = {produced(tpch(), sql) for _ in range(SESSIONS)}
        self.assertGreater(len(raw), 1, "the producer became deterministic: is this still needed?")
        self.assertEqual(len({canonical(plan) for plan in raw}), 1)

    def test_an_unread_column_changes_nothing(self):
        sql = "select b, sum(a) s from t where a > 1 group by b order by b"
        base = canonical(produced(small(a=[1, 2], b=["x", "y"]), sql))
        for more in ({"a": [1, 2], "b": ["x", "y"], "z": [1.5, 2.5]},
                     {"n": [None, "k"], "a": [1, 2], "m": [True, False], "b": ["x", "y"]}):
            self.assertEqual(canonical(produced(small(**more), sql)), base)

    def test_names_that_do_not_reach_the_output_do_not_count(self):
        context = small(a=[1, 2], b=["x", "y"])
        one = "select q.s from (select b, sum(a) s from t group by b) q where q.b <> 'x'"
        two = "select inside.s from (select c.b as b, sum(c.a) as s from t c group by c.b) " \
              "inside where inside.b <> 'x'"
        self.assertEqual(canonical(produced(context, one)), canonical(produced(context, two)))

    def test_what_changes_the_result_changes_the_form(self):
        context = small(a=[1, 2], b=["x", "y"])
        forms = {canonical(produced(context, sql)) for sql in (
            "select a from t", "select b from t", "select a as c from t", "select a + 1 as a from t",
            "select a from t where a > 1", "select a from t where a >= 1",
            "select a from t limit 1", "select a from t limit 2", "select distinct a from t",
            "select a from t order by a", "select a from t order by a desc",
            "select sum(a) as a from t", "select sum(distinct a) as a from t")}
        self.assertEqual(len(forms), 13)


if __name__ == "__main__":
    unittest.main()
