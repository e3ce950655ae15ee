"""Ctrl-C ends the program within a second while nothing in the query yields rows, and leaves nothing of the output.

The query is a join of many copies of a tiny table below a count: batch after batch is made in memory, no source is
asked and no row comes out. What the library does in one process is tests/integration/test_cancel.c.
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.environ.get("PN_BIN", "")
STARTED_S, STOPPED_WITHIN_S = 0.7, 1.0
COPIES = "abcdefghi"
BUSY = "select count(*) as n from t a " + " ".join(
    f"join t {right} on {left}.k = {right}.k" for left, right in zip(COPIES, COPIES[1:]))
PROJECT = """version: 1
datasets:
  t: {format: csv, uri: t.csv}
outputs:
  - {view: busy, format: FORMAT, uri: FOLDER/busy}
"""


class Interrupted(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name).resolve()
        (self.folder / "t.csv").write_text("k\n" + "1\n" * 60)
        (self.folder / "out").mkdir()
        (self.folder / "views").mkdir()
        (self.folder / "views/busy.sql").write_text(BUSY)
        (self.folder / "pinion.yaml").write_text("version: 1\ndatasets:\n  t: {format: csv, uri: t.csv}\n")

    def assert_stops(self, *words):
        run = subprocess.Popen([PROGRAM, "-C", str(self.folder), *words], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(STARTED_S)
        if run.poll() is not None:
            self.fail(f"ended before the signal: {run.communicate()[1]}")
        fired = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, stderr = run.communicate(timeout=60)
        took = time.monotonic() - fired
        self.assertEqual(run.returncode, 130, stderr)
        self.assertRegex(stderr, r"\[PN\d{4}\]")
        self.assertLess(took, STOPPED_WITHIN_S)
        self.assertEqual(list((self.folder / "out").iterdir()), [], "something is left of the output")
        self.assertEqual(list(self.folder.glob(".pinion/tmp/*")), [], "temporary files are left")

    def test_rows_to_standard_output(self):
        self.assert_stops("run", "-c", BUSY)

    def test_rows_to_a_file(self):
        for name in ("rows.csv", "rows.json", "rows.arrow", "rows.parquet"):
            with self.subTest(name=name):
                self.assert_stops("run", "-c", BUSY, "-o", f"out/{name}")

    def test_analyses(self):
        self.assert_stops("explain", "-c", BUSY, "--kind", "analyze")
        self.assert_stops("explain", "-c", BUSY, "--artifact", "explain_analyze")
        self.assert_stops("--policy", "write", "run", "-c", "explain analyze " + BUSY)

    def test_outputs_of_a_project(self):
        for form in ("delta", "parquet"):
            with self.subTest(format=form):
                (self.folder / "pinion.yaml").write_text(
                    PROJECT.replace("FORMAT", form).replace("FOLDER", "out"))
                self.assert_stops("build")

    def test_a_pack_that_hangs(self):
        pack = pathlib.Path(os.environ.get("PN_BUILD_DIR", ""), "tests/plugins/hostile.so")
        if not pack.is_file():
            self.skipTest("the test packs are not built (PN_BUILD_DIR)")
        self.assert_stops("udf", "check", str(pack), "--timeout", "60s")


if __name__ == "__main__":
    if not os.access(PROGRAM, os.X_OK):
        print("PN_BIN names no program: pinion is not built")
        sys.exit(77)
    unittest.main(verbosity=2)
