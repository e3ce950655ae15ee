#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`bundle export --substrait` read by another engine: the PyPI package datafusion.

Skipped (77) without the package.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROJECT = ROOT / "tests/corpus/project"
BIN = os.environ.get("PN_BIN", str(ROOT / "build/ci/bin/pinion"))
REFUSED = {"tags": "unnest", "days": "recurs", "running": "pinion_"}
# The stock consumer knows neither pinion's functions nor the types of these.
ONLY_OURS = {"hashed"}


def pinion(*args):
    return subprocess.run([BIN, "-q", "-C", str(PROJECT), *args], capture_output=True, text=True)


def rows(text):
    head, *body = text.strip().splitlines()
    return head, sorted(body)


class PlainSubstrait(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def export(self, view):
        path = pathlib.Path(self.folder.name) / f"{view}.substrait"
        return pinion("bundle", "export", view, "--substrait", "-o", str(path)), path

    def context(self):
        context = datafusion.SessionContext()
        context.register_csv("orders", str(PROJECT / "data/orders.csv"))
        context.register_parquet("items", str(PROJECT / "data/items.parquet"))
        context.register_parquet("customers", str(PROJECT / "data/customers"))
        return context

    def test_views_give_the_same_rows(self):
        for view in sorted(path.stem for path in (PROJECT / "views").glob("*.sql")):
            if view in REFUSED or view in ONLY_OURS:
                continue
            with self.subTest(view=view):
                done, path = self.export(view)
                self.assertEqual(done.returncode, 0, done.stderr)
                context = self.context()
                plan = substrait.Consumer.from_substrait_plan(
                    context, substrait.Serde.deserialize_bytes(path.read_bytes()))
                frame = context.create_dataframe_from_logical_plan(plan)
                other = pathlib.Path(self.folder.name) / f"{view}.parquet"
                frame.write_parquet(str(other))
                ours = pinion("run", "--format", "jsonlines", "-c", f"select * from {view}")
                want = sorted(ours.stdout.splitlines())
                got = subprocess.run([BIN, "-q", "run", "--autoload", self.folder.name, "--format",
                                      "jsonlines", "-c", f"select * from {view}"],
                                     capture_output=True, text=True)
                self.assertEqual(sorted(got.stdout.splitlines()), want, got.stderr)
                self.assertTrue(want)

    def test_what_only_pinion_reads_is_refused_and_named(self):
        for view, why in REFUSED.items():
            with self.subTest(view=view):
                done, path = self.export(view)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("PN6028", done.stderr)
                self.assertIn(why, done.stderr.lower())
                self.assertFalse(path.exists())


if __name__ == "__main__":
    try:
        import datafusion
        from datafusion import substrait
    except ImportError:
        print("skipped: the package datafusion is not installed")
        sys.exit(77)
    unittest.main()
