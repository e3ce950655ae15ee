"""A graph build that is killed at any moment is completed by running it again; one that is interrupted cleans up."""
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))
try:
    import public_tables as tables
except ImportError as missing:
    print(f"the module {missing.name} is not installed (tools/setup.sh)")
    sys.exit(77)

TABLES = tables.EVIDENCE + tables.OUTPUTS
DEADLINE_S = 120
# What a build makes in its folder, in this order. A signal is sent a moment after one of these appears: moments of
# the clock would hit other stages on another day.
STAGES = [
    ".pinion/lock", ".pinion/tmp/ast_files_v1", "evidence/repo_files_v1", "evidence/ast_files_v1",
    "evidence/tree_sitter_files_v1", "views", ".pinion/tmp/pinion-stage-*", "work/python_class_bases",
    "cpg/cpg_edges_v1", "cpg/cpg_nodes_v1",
]
MOMENT_S = 0.03


def start(repo, out):
    """A running build in a session of its own, so that whatever it leaves can be found."""
    return subprocess.Popen([tables.program(), "--json", "cpg", "build", str(repo), "--out", str(out), "--jobs", "2"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            start_new_session=True)


def processes_in(folder):
    """Ids of the processes whose working folder lies in `folder`: each extractor has its own under .pinion/tmp."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                cwd = os.readlink(entry / "cwd").removesuffix(" (deleted)")
            except OSError:
                continue
            if pathlib.Path(cwd).is_relative_to(folder):
                found.append(int(entry.name))
    return found


def wait_until(holds):
    """True as soon as `holds()` is, False when the deadline passes."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


class Interrupted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.base = pathlib.Path(scratch.name).resolve()
        cls.repo = cls.base / "sources"
        library = pathlib.Path(sysconfig.get_path("stdlib"))
        for package in ("json", "concurrent"):
            shutil.copytree(library / package, cls.repo / package, ignore=shutil.ignore_patterns("__pycache__"))
        cls.whole = tables.Graph(cls.repo, cls.base / "whole")
        cls.rows = {name: tables.canonical_rows(cls.whole, name) for name in TABLES}
        cls.moments = random.Random(20)

    def assert_tables_whole(self, out):
        """Each table that is there says all that it should; returns how many there are."""
        there = 0
        for name in TABLES:
            uri = out / ("evidence" if name in tables.EVIDENCE else "cpg") / name
            if tables.DeltaTable.is_deltatable(str(uri)):
                there += 1
                rows = tables.DeltaTable(str(uri)).to_pyarrow_table().num_rows
                self.assertEqual(rows, len(self.rows[name]), f"{name} is half-written")
        return there

    def assert_completed(self, out):
        graph = tables.Graph(self.repo, out)
        for name in TABLES:
            self.assertEqual(tables.canonical_rows(graph, name), self.rows[name], name)
        self.assertEqual(graph.fingerprints(), self.whole.fingerprints())
        self.assertFalse(list((out / ".pinion/tmp").glob("*")), "temporary files are left")

    def stop(self, out, number, stage):
        """Starts a build, sends it a signal soon after it reached a stage; the finished process."""
        build = start(self.repo, out)
        reached = wait_until(lambda: build.poll() is not None or any(out.glob(stage)))
        time.sleep(MOMENT_S * self.moments.random())
        build.send_signal(number)
        build.stderr_text = build.communicate(timeout=DEADLINE_S)[1]
        self.assertTrue(reached, f"{stage} never appeared")
        return build

    def test_a_killed_build_is_completed(self):
        killed, seen, half = 0, set(), len(STAGES) // 2
        for turn in range(half):
            out = self.base / f"killed{turn}"
            # Twice: the second time in what the first has left.
            for stage in (STAGES[turn], STAGES[turn + half]):
                with self.subTest(stage=stage):
                    build = self.stop(out, signal.SIGKILL, stage)
                    killed += build.returncode == -signal.SIGKILL
                    self.assertTrue(wait_until(lambda: not processes_in(out)), "extractors outlive their build")
                    seen.add(self.assert_tables_whole(out))
            self.assert_completed(out)
        self.assertGreaterEqual(killed, len(STAGES) - 2, "builds ended before they were killed")
        self.assertGreaterEqual(len(seen), 4, "the builds were killed at the same stages")

    def test_an_interrupted_build_cleans_up(self):
        out = self.base / "interrupted"
        # The later stages only come once: each build goes on where the one before has stopped.
        for stage in (".pinion/tmp/ast_files_v1", "evidence/ast_files_v1", ".pinion/tmp/pinion-stage-*"):
            with self.subTest(stage=stage):
                build = self.stop(out, signal.SIGINT, stage)
                self.assertEqual(build.returncode, 130, build.stderr_text)
                self.assertEqual(processes_in(out), [], "extractors outlive their build")
                self.assertFalse(list((out / ".pinion/tmp").glob("*")), "temporary files are left")
                self.assert_tables_whole(out)
        self.assert_completed(out)


if __name__ == "__main__":
    if tables.program() is None:
        print("PN_BIN names no program: pinion is not built")
        sys.exit(77)
    if not os.path.isdir("/proc/self"):
        print("/proc is not mounted")
        sys.exit(77)
    os.environ.pop("PINION_SQL_POLICY", None)
    unittest.main(verbosity=2)
