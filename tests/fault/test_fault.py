"""The n-th call into the engine fails or panics (PN_FAULT=n, PN_FAULT=panic:n): in every verb of the program and in
every program of tests/integration.

A verb must end with exit code 3 and a numbered error, without a crash, without engine objects that are still alive,
and without half of anything it writes; run again without a fault, it completes. A test program, into which the fault
comes unexpected, must end in order: at most one case fails, it names the fault, and the cases after it pass.

n grows by a factor until a run gets through, which meets every stage of a program. FAULT_STEP=1 takes every n,
FAULT_STEP=10 every tenth, in a test program those of each case, which is run alone for that (a whole program for each
of its calls takes hours). From the 400th call of a run on the step widens with n, since late calls repeat early ones.
FAULT_START=k leaves out the first k, so that processes can share the work (tools/long.sh).
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.environ.get("PN_BIN", "")
STEP = int(os.environ.get("FAULT_STEP", "0"))
START = int(os.environ.get("FAULT_START", "0"))
TIMEOUT_S = 600
# What is alive at the end of a run that went well: the engine itself, and the token of Ctrl-C.
AT_REST = 2
# As LeakSanitizer is meant: a leak of the verbs fails them. In a test program a case that fails does not clean up.
KEEPS_LEAKS = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
MODES = ("", "panic:")
# How many faults have to be met. A part that starts behind the last call meets none.
LEAST = 0 if START else 1 if STEP else 2
QUICK_PROGRAMS = ("it_test_bundle", "it_test_errors")  # the others take long; FAULT_STEP takes all
# A case whose every call is met each time: what a panic cut short was once kept for an answer.
QUICK_CASE = ("it_test_artifacts", "artifacts::details_that_were_cancelled_are_made_again")
SOURCES = {
    "shop/__init__.py": "from shop.cart import Cart\n",
    "shop/cart.py": "import json\n\n\nclass Cart:\n    def total(self):\n        return sum(self.rows)\n\n\n"
                    "def load(path):\n    return json.loads(open(path).read())\n",
    "shop/broken.py": "def f(:\n",
}
PROJECT = """version: 1
datasets:
  orders: {format: csv, uri: orders.csv}
  missing: {format: parquet, uri: missing, optional: true, schema: {id: int64}}
outputs:
  - {view: totals, uri: out/totals, format: delta, mode: overwrite}
  - {view: both, uri: out/both.parquet, format: parquet, mode: overwrite}
  - {view: both, uri: out/both, format: csv, mode: overwrite}
"""
VIEWS = {
    "totals": "select k, sum(amount) as total from orders group by k",
    "both": "select a.k, a.total, b.total as again from totals a join totals b on a.k = b.k",
}


def faults(run, first=1, factor=2, step=STEP):
    """Calls run(n) for growing n, by a step or else by a factor, until nothing was hit; gives how many were."""
    hits, n = 0, first + START
    while run(n):
        hits += 1
        n = n + step * max(1, n // 200) if step else n * factor
    return hits


def pinion(*words, fault=None):
    environment = {**os.environ, "PINION_SQL_POLICY": "read_only"}
    environment.pop("PN_FAULT", None)
    if fault:
        environment["PN_FAULT"] = fault
    return subprocess.run([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", env=environment, timeout=TIMEOUT_S, check=False)


class Verbs(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.base = pathlib.Path(scratch.name).resolve()

    def assert_in_order(self, done, fault):
        """It failed as a program should; False when the fault hit nothing."""
        is_unrecorded = "[PN4030]" in done.stderr  # what could not be recorded is a warning
        if done.returncode == 0 and not is_unrecorded:
            self.assertNotIn("injected", done.stderr)
            return False
        self.assertEqual(done.returncode, 0 if is_unrecorded else 3, f"{fault}: {done.stderr}")
        self.assertRegex(done.stderr, r"pinion: .*injected (fault|panic).*\[PN\d{4}\]", fault)
        alive = re.search(r"(\d+) engine objects are alive at the end", done.stderr)
        self.assertIsNotNone(alive, done.stderr)
        self.assertLessEqual(int(alive[1]), AT_REST, f"{fault}: {done.stderr}")
        return True

    def torture(self, prepare, words, check_after, complete, factor=3):
        """One verb, with every fault, in a folder that `prepare` makes anew."""
        for mode in MODES:
            def run(n, mode=mode):
                folder = self.base / "work"
                shutil.rmtree(folder, ignore_errors=True)
                prepare(folder)
                fault = f"{mode}{n}"
                hit = self.assert_in_order(pinion("-v", "-C", folder, *words, fault=fault), fault)
                self.assertEqual(list(folder.glob("**/.pinion/tmp/*")), [], f"{fault}: temporary files are left")
                check_after(folder, fault)
                if not STEP or n // STEP % 16 == 0 or not hit:
                    again = pinion("-C", folder, *words)
                    self.assertEqual(again.returncode, 0, f"after {fault}: {again.stderr}")
                    complete(folder, fault)
                return hit
            hits = faults(run, factor=factor * (2 if mode else 1))
            self.assertGreaterEqual(hits, LEAST, "the fault was never met")

    def make_project(self, folder):
        (folder / "views").mkdir(parents=True)
        (folder / "pinion.yaml").write_text(PROJECT)
        (folder / "orders.csv").write_text("k,amount\n1,10\n2,20\n2,22\n")
        for name, sql in VIEWS.items():
            (folder / f"views/{name}.sql").write_text(sql)

    def assert_targets_whole(self, folder, fault):
        """Each output is absent or says all it should, and nothing lies beside it."""
        for sql, target in (("select * from t order by 1", "totals"), ("select * from t order by 1", "both.parquet"),
                            ("select * from t order by 1", "both")):
            path = folder / "out" / target
            if not path.exists():
                continue
            wanted = [[1, 10], [2, 42]] if target == "totals" else [[1, 10, 10], [2, 42, 42]]
            self.assertEqual(self.rows_of(path), wanted, f"{fault}: {target}")
        if (folder / "out").is_dir():
            names = {path.name for path in (folder / "out").iterdir()}
            self.assertLessEqual(names, {"totals", "both", "both.parquet"}, fault)

    def rows_of(self, path):
        form = "parquet" if path.suffix else "delta" if (path / "_delta_log").is_dir() else "csv"
        reader = self.base / "reader"
        reader.mkdir(exist_ok=True)
        (reader / "pinion.yaml").write_text(f"version: 1\ndatasets:\n  t: {{format: {form}, uri: {path}}}\n")
        done = pinion("-C", reader, "run", "-c", "select * from t order by 1", "--format", "jsonlines")
        self.assertEqual(done.returncode, 0, done.stderr)
        return [list(json.loads(line).values()) for line in done.stdout.splitlines()]

    def assert_built(self, folder, fault):
        self.assert_targets_whole(folder, fault)
        for target in ("totals", "both.parquet", "both"):
            self.assertTrue((folder / "out" / target).exists(), f"{fault}: {target} is missing")

    def test_build(self):
        self.torture(self.make_project, ["build"], self.assert_targets_whole, self.assert_built)

    def test_verbs_that_read(self):
        def nothing(folder, fault):
            self.assertFalse((folder / "out").exists(), fault)
        query = ["-c", "select * from both union all select id, id + 1, id + 2 from missing"]
        verbs = [["run", *query], ["explain", "both", "--kind", "analyze"]]
        if STEP:
            verbs += [["plan"], ["check"], ["lineage", "both"]]
        for words in verbs:
            with self.subTest(verb=words[0]):
                self.torture(self.make_project, words, nothing, nothing)

    def test_rows_to_a_file(self):
        def whole(folder, fault):
            names = {path.name for path in folder.iterdir()} - {"views", "pinion.yaml", "orders.csv", ".pinion"}
            self.assertLessEqual(names, {"rows.parquet"}, fault)
            if names:
                self.assertEqual(self.rows_of(folder / "rows.parquet"), [[1, 10, 10], [2, 42, 42]], fault)
        self.torture(self.make_project, ["run", "-c", "select * from both", "-o", "rows.parquet"], whole, whole)


class Graph(Verbs):
    """cpg build of a small package, one file of which does not parse."""

    def make_sources(self, folder):
        for name, text in SOURCES.items():
            path = folder / "sources" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def counts(self, folder):
        """Rows of each table that is there."""
        found = {}
        for log in sorted(folder.glob("graph/*/*/_delta_log")):
            adds, rows = {}, 0
            for commit in sorted(log.glob("*.json")):
                for line in commit.read_text().splitlines():
                    action = json.loads(line)
                    if "add" in action:
                        adds[action["add"]["path"]] = json.loads(action["add"]["stats"])["numRecords"]
                    if "remove" in action:
                        adds.pop(action["remove"]["path"])
            rows = sum(adds.values())
            self.assertTrue(all((log.parent / path).exists() for path in adds), f"{log.parent} lacks a file")
            found[log.parent.name] = rows
        return found

    def test_cpg_build(self):
        words = ["cpg", "build", "sources", "--out", "graph", "--jobs", "2"]
        whole = self.base / "whole"
        self.make_sources(whole)
        done = pinion("-C", whole, *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        wanted = self.counts(whole)
        self.assertGreater(len(wanted), 8)

        def tables_whole(folder, fault):
            for name, rows in self.counts(folder).items():
                self.assertEqual(rows, wanted[name], f"{fault}: {name}")

        def completed(folder, fault):
            self.assertEqual(self.counts(folder), wanted, fault)
        self.torture(self.make_sources, words, tables_whole, completed, factor=8)


for inherited in [name for name in dir(Verbs) if name.startswith("test_")]:
    setattr(Graph, inherited, None)


class Programs(unittest.TestCase):
    """Programs of tests/integration; test_torture sets its faults itself."""

    # The session that counts the handles at rest is opened before the first case; it takes fewer calls.
    FIRST = 20

    def check(self, command, fault):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              env={**KEEPS_LEAKS, "PN_FAULT": fault}, timeout=TIMEOUT_S, check=False)
        said = f"{' '.join(map(str, command))}, {fault}: {done.stdout[-3000:]}{done.stderr[-2000:]}"
        self.assertIn(done.returncode, (0, 1), said)
        lines = done.stdout.splitlines()
        cases = [line for line in lines if re.match(r"(not )?ok ", line)]
        self.assertEqual(f"1..{len(cases)}", lines[0], said)
        failed = [line for line in cases if line.startswith("not ok")]
        self.assertLessEqual(len(failed), 1, said)
        if failed:
            self.assertRegex(done.stdout, "injected|poisoned|leaked", said)
        return bool(failed)

    def is_hit(self, command, mode, n):
        """A case that expects its call to fail takes a fault for that: the next call tells whether it was the end."""
        return self.check(command, f"{mode}{n}") or self.check(command, f"{mode}{n + 1}")

    def meet(self, command, mode, step):
        hits = 0
        with self.subTest(command=command[-1], mode=mode):
            hits = faults(lambda n: self.is_hit(command, mode, n), self.FIRST, 3, step)
        return hits

    def test_programs(self):
        programs = sorted(pathlib.Path(os.environ.get("PN_BUILD_DIR", "")).glob("tests/it_test_*"))
        programs = [program for program in programs if program.name != "it_test_torture"]
        self.assertGreaterEqual(len(programs), 3)
        if not STEP:
            programs = [program for program in programs if program.name in QUICK_PROGRAMS]
        for program in programs:
            listed = subprocess.run([program, "-l"], capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
            alone = [[program, "-s", case] for case in listed.stdout.split()] if STEP else []
            for mode in MODES:
                hits = self.meet([program], mode, 0) + sum(self.meet(command, mode, STEP) for command in alone)
                with self.subTest(program=program.name, mode=mode):
                    self.assertGreaterEqual(hits, LEAST, "the fault was never met")
                if STEP:
                    print(f"  {program.name}{' ' + mode if mode else ''}: {hits} faults", file=sys.stderr, flush=True)

    def test_a_case(self):
        program = pathlib.Path(os.environ.get("PN_BUILD_DIR", "")) / "tests" / QUICK_CASE[0]
        for mode in MODES:
            self.assertGreaterEqual(self.meet([program, "-s", QUICK_CASE[1]], mode, 1), LEAST)


if __name__ == "__main__":
    if not os.access(PROGRAM, os.X_OK):
        print("PN_BIN names no program: pinion is not built")
        sys.exit(77)
    if pinion("run", "-c", "select 1", fault="1").returncode == 0:
        print("the engine is built without fault injection")
        sys.exit(77)
    unittest.main(verbosity=2)
