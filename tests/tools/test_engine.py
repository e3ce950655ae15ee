#!/usr/bin/env python3
"""tools/engine.sh with a stand-in for cargo: when it builds, when it does not, what it leaves behind."""
import os
import pathlib
import shutil
import subprocess
import tempfile

from support import ROOT, run

CARGO = """#!/bin/sh
echo "$@" >>"$CALLS"
[ -z "$BREAK" ] || { echo "error[E0001]: broken on purpose"; exit 101; }
i=0; while [ $i -lt 41 ]; do i=$((i + 1)); echo "   Compiling crate$i v1.0.0"; done
for a in "$@"; do case $prev in --profile) profile=$a ;; esac; prev=$a; done
mkdir -p "$CARGO_TARGET_DIR/$profile"
cat src/lib.rs >"$CARGO_TARGET_DIR/$profile/libpinion_engine.so"
"""
RUSTC = "#!/bin/sh\necho \"rustc ${RUSTC_VERSION:-1.95.0} (stand-in)\"\n"


class Tree:
    """A project with nothing but the tools and an engine of one line, and a cache of its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name) / "project"
        (self.root / "tools").mkdir(parents=True)
        for name in ("lib.sh", "engine.sh"):
            shutil.copy(ROOT / "tools" / name, self.root / "tools" / name)
        (self.root / "engine/src").mkdir(parents=True)
        self.write("engine/src/lib.rs", "one\n")
        self.write("engine/Cargo.toml", "[package]\n")
        self.write("engine/Cargo.lock", "[[package]]\n" * 41)
        for name, text in (("cargo", CARGO), ("rustc", RUSTC)):
            self.write(f"bin/{name}", text)
            (self.root / "bin" / name).chmod(0o755)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def engine(self, *arguments, **variables):
        environment = {**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}",
                       "XDG_CACHE_HOME": str(self.root / "cache"), "CALLS": str(self.root / "calls"),
                       **variables}
        return subprocess.run(["bash", str(self.root / "tools/engine.sh"), *(arguments or ("ci", "quick"))],
                              capture_output=True, text=True, env=environment)

    def calls(self):
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def stamped(self, preset="ci"):
        return (self.root / f"build/{preset}/engine.path").read_text().split()[0]


def it_builds_once():
    tree = Tree()
    first = tree.engine()
    assert first.returncode == 0, first
    assert tree.calls() == ["build --locked --profile quick --features fault --jobs " + tree.calls()[0].split()[-1]]
    assert pathlib.Path(tree.stamped()).read_text() == "one\n"
    before = os.stat(tree.root / "build/ci/engine.path").st_mtime_ns
    second = tree.engine()
    assert second.returncode == 0 and second.stderr == "", second
    assert len(tree.calls()) == 1
    assert os.stat(tree.root / "build/ci/engine.path").st_mtime_ns == before


def presets_share_one_result():
    tree = Tree()
    tree.engine("ci", "quick")
    tree.engine("dev", "quick")
    assert len(tree.calls()) == 1 and tree.stamped("ci") == tree.stamped("dev")


def progress_is_one_line_for_twenty_crates():
    lines = Tree().engine().stderr.splitlines()
    assert [l for l in lines if "crates" in l and "/41" in l] == \
        ["  engine (quick): crates 20/41", "  engine (quick): crates 40/41"], lines


def whatever_decides_the_bytes_is_in_the_key():
    tree = Tree()
    tree.engine()
    paths = {tree.stamped()}
    changes = [lambda: tree.write("engine/src/lib.rs", "two\n"),
               lambda: tree.write("engine/src/new.rs", "\n"),
               lambda: tree.write("engine/build.rs", "\n"),
               lambda: tree.write("engine/Cargo.toml", "[package]\n# more\n"),
               lambda: tree.write("engine/Cargo.lock", "[[package]]\n")]
    for change in changes:
        change()
        assert tree.engine().returncode == 0
        paths.add(tree.stamped())
    tree.engine(RUSTC_VERSION="1.96.0")
    paths.add(tree.stamped())
    tree.engine("release", "release")
    paths.add(tree.stamped("release"))
    assert len(paths) == 3 + len(changes), paths


def going_back_to_an_older_source_builds_nothing():
    tree = Tree()
    tree.engine()
    tree.write("engine/src/lib.rs", "two\n")
    tree.engine()
    tree.write("engine/src/lib.rs", "one\n")
    tree.engine()
    assert len(tree.calls()) == 2 and pathlib.Path(tree.stamped()).read_text() == "one\n"


def an_edit_during_the_build_builds_again():
    tree = Tree()
    tree.write("bin/cargo", CARGO + "[ -e ../edited ] || { touch ../edited; echo two >src/lib.rs; }\n")
    assert tree.engine().returncode == 0
    assert len(tree.calls()) == 2 and pathlib.Path(tree.stamped()).read_text() == "two\n"


def old_results_go():
    tree = Tree()
    out = tree.root / "cache/pinion/engine/out"
    for number in range(10):
        tree.write("engine/src/lib.rs", f"{number}\n")
        assert tree.engine().returncode == 0
    assert len(list(out.iterdir())) == 10  # other checkouts may use them
    for result in out.iterdir():
        os.utime(result, (0, 0))
    tree.write("engine/src/lib.rs", "10\n")
    assert tree.engine().returncode == 0
    kept = list(out.iterdir())
    assert len(kept) == 8 and pathlib.Path(tree.stamped()).read_text() == "10\n", kept


def a_failed_build_leaves_nothing_and_shows_the_error():
    tree = Tree()
    done = tree.engine(BREAK="1")
    assert done.returncode == 1 and "broken on purpose" in done.stderr and "hint:" in done.stderr, done
    assert not (tree.root / "build/ci/engine.path").exists()
    assert tree.engine().returncode == 0


def the_release_engine_has_no_fault_injection():
    tree = Tree()
    assert tree.engine("release", "release").returncode == 0
    assert "fault" not in tree.calls()[0] and "--profile release" in tree.calls()[0]
    assert (tree.root / "build/release/engine.path").read_text().split()[1] == "release"


def two_at_once_build_once():
    tree = Tree()
    tree.write("bin/cargo", CARGO.replace("i=0;", "sleep 1; i=0;"))
    environment = {**os.environ, "PATH": f"{tree.root}/bin:{os.environ['PATH']}",
                   "XDG_CACHE_HOME": str(tree.root / "cache"), "CALLS": str(tree.root / "calls")}
    both = [subprocess.Popen(["bash", str(tree.root / "tools/engine.sh"), preset, "quick"],
                             env=environment, stderr=subprocess.DEVNULL) for preset in ("ci", "dev")]
    assert [p.wait() for p in both] == [0, 0]
    assert len(tree.calls()) == 1 and tree.stamped("ci") == tree.stamped("dev")


run([it_builds_once, presets_share_one_result, progress_is_one_line_for_twenty_crates,
     whatever_decides_the_bytes_is_in_the_key, going_back_to_an_older_source_builds_nothing,
     an_edit_during_the_build_builds_again, old_results_go, a_failed_build_leaves_nothing_and_shows_the_error, the_release_engine_has_no_fault_injection,
     two_at_once_build_once])
