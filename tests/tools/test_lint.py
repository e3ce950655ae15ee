#!/usr/bin/env python3
"""tools/lint.sh with a stand-in for clang-tidy: what it looks at again, which waivers it takes."""
import json
import os
import pathlib
import subprocess
import tempfile

from support import ROOT, run

TIDY = """#!/bin/sh
[ "$1" != --version ] || { echo "LLVM version 14.0.6"; exit; }
for file in "$@"; do :; done
echo "$file" >>"$CALLS"
! grep -n DEFECT "$file" || echo "$file:1: warning: a defect [some-check]"
"""


class Tree:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for name in ("lib.sh", "lint.sh", "VERSIONS"):
            self.write(f"tools/{name}", (ROOT / "tools" / name).read_text())
        self.write(".clang-tidy", "Checks: one\n")
        self.write("bin/clang-tidy-14", TIDY)
        (self.root / "bin/clang-tidy-14").chmod(0o755)
        self.write("src/a.h", "int f(void);\n")
        self.write("src/unused.h", "int g(void);\n")
        self.write("src/a.c", '#include "a.h"\nint f(void) {\n    return 1;\n}\n')
        entry = {"directory": str(self.root / "build/dev"), "file": str(self.root / "src/a.c"),
                 "command": f"cc -o a.o -c {self.root / 'src/a.c'}"}
        self.write("build/dev/compile_commands.json", json.dumps([entry]))
        self.write(".gitignore", "build\nbin\ncache\n")
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def lint(self):
        environment = {**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}", "JOBS": "1",
                       "XDG_CACHE_HOME": str(self.root / "cache"), "CALLS": str(self.root / "bin/calls")}
        done = subprocess.run(["bash", str(self.root / "tools/lint.sh")], capture_output=True, text=True,
                              env=environment)
        return done.returncode, done.stdout

    def looks(self):
        path = self.root / "bin/calls"
        return len(path.read_text().splitlines()) if path.exists() else 0


def a_clean_file_is_looked_at_once():
    tree = Tree()
    assert tree.lint() == (0, "lint: 0 waivers\nlint: 1 files, clean\n")
    assert tree.lint()[0] == 0 and tree.looks() == 1


def what_the_file_sees_decides():
    tree = Tree()
    tree.lint()
    tree.write("src/unused.h", "int h(void);\n")
    assert tree.lint()[0] == 0 and tree.looks() == 1
    tree.write("src/a.h", "int f(void);\nint h(void);\n")
    assert tree.lint()[0] == 0 and tree.looks() == 2
    tree.write(".clang-tidy", "Checks: two\n")
    assert tree.lint()[0] == 0 and tree.looks() == 3


def a_defect_fails_every_time():
    tree = Tree()
    tree.write("src/a.c", "int f(void); /* DEFECT */\n")
    for looks in (1, 2):
        code, out = tree.lint()
        assert code == 1 and "a defect" in out and "problems above" in out and tree.looks() == looks, out


def waivers_are_counted_and_say_why():
    tree = Tree()
    tree.write("src/a.c", "int f(void); // NOLINT(some-check): it is so\n"
               "/* NOLINTBEGIN(other-check): and so on */\n/* NOLINTEND(other-check) */\n")
    code, out = tree.lint()
    assert code == 0 and "lint: 2 waivers" in out, out
    assert "waived: src/a.c:1: (some-check): it is so" in out, out
    for bare in ("NOLINT", "NOLINT(some-check)", "NOLINTNEXTLINE: somehow", "NOLINT(some-check): "):
        tree.write("src/a.c", f"int f(void); // {bare}\n")
        code, out = tree.lint()
        assert code == 1 and "name no check or no reason" in out, (bare, out)


def a_file_that_nothing_compiles_is_a_problem():
    tree = Tree()
    tree.write("src/b.c", "int b(void);\n")
    code, out = tree.lint()
    assert code == 1 and "src/b.c: error: no target compiles this file" in out, out
    tree.write("src/a.c", '#include "gone.h"\n')
    assert "the preprocessor refuses it" in tree.lint()[1]


run([a_clean_file_is_looked_at_once, what_the_file_sees_decides, a_defect_fails_every_time,
     waivers_are_counted_and_say_why, a_file_that_nothing_compiles_is_a_problem])
