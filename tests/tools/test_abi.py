#!/usr/bin/env python3
"""tools/check-abi --exports on small libraries: every difference from the lists is a problem, and fault
injection belongs to the quick engine alone."""
import pathlib
import shutil
import subprocess
import tempfile

from support import ROOT, run

PUBLIC, ENGINE, FAULT = ["pn_a", "pn_b"], ["pne_open"], ["pne_fault_reset"]


def check(public=None, engine=None, profile="quick", declared=None, arguments=()):
    """The tool's exit code and output, and the folder it ran in, for libraries with these functions."""
    folder = tempfile.TemporaryDirectory()
    root = pathlib.Path(folder.name)
    for name in ("tools", "tests/abi", "include/pinion", "build/ci/lib"):
        (root / name).mkdir(parents=True)
    for name in ("check-abi", "lib.sh"):
        shutil.copy(ROOT / "tools" / name, root / "tools" / name)
    for name, names in (("libpinion", PUBLIC), ("engine", ENGINE), ("engine.fault", FAULT)):
        (root / f"tests/abi/{name}.exports").write_text("".join(f"{n}\n" for n in names))
    (root / "include/pinion/a.h").write_text("".join(f"PN_API void {n}(void);\n" for n in declared or PUBLIC))
    (root / "build/ci/engine.path").write_text(f"somewhere\n{profile}\n")
    for name, names in (("libpinion", public or PUBLIC), ("libpinion_engine", engine or ENGINE + FAULT)):
        source = root / f"{name}.c"
        source.write_text("".join(f"void {n}(void);\nvoid {n}(void) {{}}\n" for n in names))
        subprocess.run(["cc", "-shared", "-fPIC", "-o", root / f"build/ci/lib/{name}.so", source], check=True)
    done = subprocess.run(["bash", root / "tools/check-abi", "--exports", *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, folder


def passes(**case):
    code, out, _ = check(**case)
    assert code == 0 and "0 problems" in out, out


def fails(text, **case):
    code, out, _ = check(**case)
    assert code == 1 and text in out, out


def both_engines_fit_their_lists():
    passes()
    passes(engine=ENGINE, profile="release")


def a_release_engine_has_no_fault_injection():
    fails("the release engine has fault injection", profile="release")


def a_quick_engine_has_all_of_it():
    fails("other names for fault injection", engine=ENGINE)
    fails("other names for fault injection", engine=ENGINE + FAULT + ["pne_fault_more"])


def other_names_are_problems():
    fails("the engine exports other names", engine=ENGINE + FAULT + ["pne_close"])
    fails("the engine exports other names", engine=FAULT)
    fails("exports foreign names: helper", engine=ENGINE + FAULT + ["helper"])
    fails("libpinion.so exports other names", public=PUBLIC + ["pn_c"])
    fails("declared but not exported: pn_c", declared=PUBLIC + ["pn_c"])
    fails("exported but not declared: pn_b", declared=PUBLIC[:1])


def an_engine_of_unknown_kind_is_a_problem():
    fails("does not say which engine this is", profile="")


def sixty_names_are_the_limit():
    fails("exports 61 names", engine=FAULT + [f"pne_{n:02}" for n in range(60)])


def bless_writes_the_lists():
    code, out, folder = check(public=PUBLIC + ["pn_c"], engine=["pne_new"] + FAULT, declared=PUBLIC + ["pn_c"],
                              arguments=["--bless"])
    lists = pathlib.Path(folder.name) / "tests/abi"
    assert code == 0, out
    assert (lists / "libpinion.exports").read_text() == "pn_a\npn_b\npn_c\n"
    assert (lists / "engine.exports").read_text() == "pne_new\n"
    assert (lists / "engine.fault.exports").read_text() == "pne_fault_reset\n"


run([both_engines_fit_their_lists, a_release_engine_has_no_fault_injection, a_quick_engine_has_all_of_it,
     other_names_are_problems, an_engine_of_unknown_kind_is_a_problem, sixty_names_are_the_limit,
     bless_writes_the_lists])
