#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bundles of every release: read, checked and replayed, see tests/corpus/README.md.

Bundles that were made for another engine (other crate versions or rules) cannot be replayed; then the
refusal has to say so. PN_BLESS=1 writes the folder of the current release anew.
"""
import io
import json
import os
import pathlib
import subprocess
import tarfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT / "tests/corpus"
PROJECT = CORPUS / "project"
BIN = os.environ.get("PN_BIN", str(ROOT / "build/ci/bin/pinion"))
REPLAY_NEEDS = 6026


def pinion(*args, check=True):
    done = subprocess.run([BIN, "-q", "-C", str(PROJECT), *args], capture_output=True, text=True)
    if check and done.returncode:
        raise AssertionError(f"pinion {' '.join(args)}: {done.stderr}")
    return done


def release():
    return subprocess.run([BIN, "--version"], capture_output=True, text=True,
                          check=True).stdout.split()[1]


def views():
    return sorted(path.stem for path in (PROJECT / "views").glob("*.sql"))


def sorted_rows(text):
    head, *rows = text.splitlines()
    return [head, *sorted(rows)]


def identity_parts(data):
    """Name and content of each; the names are digests of the contents, Python's tarfile checks the form."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {part.name: archive.extractfile(part).read()
                for part in archive if part.name.startswith("identity/")}


def bless():
    folder = CORPUS / release()
    folder.mkdir(exist_ok=True)
    for view in views():
        pinion("bundle", "export", view, "-o", str(folder / f"{view}.pnb"))
        rows = pinion("run", "--format", "csv", "-c", f"select * from {view}").stdout
        (folder / f"{view}.csv").write_text("\n".join(sorted_rows(rows)) + "\n")


class Corpus(unittest.TestCase):
    def test_the_current_release_has_every_view(self):
        have = sorted(path.stem for path in (CORPUS / release()).glob("*.pnb"))
        self.assertEqual(have, views(), "PN_BLESS=1 writes what is missing")

    def test_every_bundle_is_read_and_replayed(self):
        files = sorted(CORPUS.glob("*/*.pnb"))
        self.assertTrue(files)
        for file in files:
            with self.subTest(bundle=str(file.relative_to(CORPUS))):
                self.check(file)

    def check(self, file):
        shown = json.loads(pinion("--json", "bundle", "show", str(file)).stdout)
        self.assertEqual([bundle["name"] for bundle in shown], [file.stem])
        needs = json.loads(pinion("--json", "replay", str(file), "--check", check=False).stdout)
        kinds = {need["kind"] for need in needs}
        if kinds:  # of an earlier release: only the engine may be another one
            self.assertNotEqual(file.parent.name, release(), needs)
            self.assertLessEqual(kinds, {"engine", "rules", "setting"}, needs)
            self.assertIn(f"PN{REPLAY_NEEDS}", pinion("replay", str(file), check=False).stderr)
            return
        for step in ("substrait", "sql"):
            got = pinion("replay", str(file), "--from", step, "--format", "csv").stdout
            want = file.with_suffix(".csv").read_text().splitlines()
            self.assertEqual(sorted_rows(got), want, step)

    def test_the_same_project_gives_the_same_identity_parts(self):
        for view in views():
            want = identity_parts((CORPUS / release() / f"{view}.pnb").read_bytes())
            got = subprocess.run([BIN, "-q", "-C", str(PROJECT), "bundle", "export", view, "-o", "-"],
                                 capture_output=True, check=True).stdout
            self.assertEqual(identity_parts(got), want,
                             f"{view}: if the format has changed, PN_BLESS=1")
            self.assertGreater(len(want), 5)


if __name__ == "__main__":
    if os.environ.get("PN_BLESS"):
        bless()
    unittest.main()
