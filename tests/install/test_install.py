#!/usr/bin/env python3
"""The build, installed below a fresh folder and moved from there, is complete: programs outside the tree
compile against it with pkg-config and with CMake, `pinion` works from any folder, and nothing in it
names the source, build or install folder. TAP."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PN_BUILD_DIR", ROOT / "build/ci")).resolve()
CC = os.environ.get("CC", "cc")
CXX = os.environ.get("CXX", "c++")
SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="pn_install_")).resolve()
STAGE, PREFIX = SCRATCH / "stage", pathlib.Path("/opt/somewhere")
HOME = SCRATCH / "moved"  # where the installed tree is used: neither prefix nor stage


def sh(*command, **variables):
    """Runs a command in a folder that is no part of the project; its output, or an assertion."""
    keep = {k: v for k, v in os.environ.items()
            if not k.startswith(("PN_", "PINION_", "T_", "PKG_CONFIG", "LD_LIBRARY", "CMAKE_"))}
    done = subprocess.run([str(c) for c in command], cwd=SCRATCH, env={**keep, **variables},
                          capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def library_dir():
    found = list(HOME.rglob("libpinion_engine.so"))
    assert len(found) == 1, found
    return found[0].parent


def pkg_config(*arguments):
    return sh("pkg-config", *arguments, PKG_CONFIG_PATH=str(library_dir() / "pkgconfig")).split()


def it_installs_below_destdir():
    sh("cmake", "--install", BUILD, "--prefix", PREFIX, DESTDIR=str(STAGE))
    outside = [p for p in STAGE.rglob("*") if p.is_file() and STAGE / PREFIX.relative_to("/") not in p.parents]
    assert not outside, outside
    shutil.move(STAGE / PREFIX.relative_to("/"), HOME)


def everything_is_there():
    wanted = ["bin/pinion", "libexec/pinion/pinion-extract-treesitter", "share/pinion/packs/python/pinion.yaml",
              "share/man/man1/pinion.1", "share/bash-completion/completions/pinion"]
    wanted += [f"libexec/pinion/{p.name}" for p in (ROOT / "src/extract/python").glob("*.py")]
    wanted += [f"include/pinion/{p.name}" for p in (ROOT / "include/pinion").glob("*.h")]
    missing = [name for name in wanted if not (HOME / name).is_file()]
    assert not missing, missing
    links = [p for p in HOME.rglob("*") if p.is_symlink() and pathlib.Path(os.readlink(p)).is_absolute()]
    assert not links, links
    assert not list(HOME.rglob("__pycache__"))


def nothing_names_the_build():
    # A checkout in a folder such as /src is part of every path to a source: there BUILD has to do.
    folders = [str(p).encode() for p in (ROOT, BUILD, STAGE, PREFIX, HOME) if len(p.parts) > 2]
    guilty = [f"{p.relative_to(HOME)}: {f.decode()}" for p in sorted(HOME.rglob("*"))
              if p.is_file() and not p.is_symlink() for f in folders if f in p.read_bytes()]
    assert not guilty, guilty


def libraries_are_found_from_where_they_lie():
    for name in ("bin/pinion", library_dir() / "libpinion.so", library_dir() / "libpinion_engine.so"):
        dynamic = sh("readelf", "-d", HOME / name)
        for path in re.findall(r"(?:RUNPATH|RPATH).*\[(.*)\]", dynamic):
            assert all(part.startswith("$ORIGIN") for part in path.split(":")), (name, path)
        needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
        assert not [n for n in needed if "/" in n], (name, needed)
    loaded = sh("ldd", HOME / "bin/pinion")
    for name in ("libpinion.so.0", "libpinion_engine.so"):
        path = re.search(rf"{re.escape(name)} => (\S+)", loaded)
        assert path and pathlib.Path(path.group(1)).resolve().parent == library_dir(), loaded


def run_example(program):
    lines = sh(program, "select 6 * 7 as answer").splitlines()
    assert re.fullmatch("[0-9a-f]{64}", lines[0]) and json.loads(lines[1]) == {"answer": 42}, lines


def a_program_builds_with_pkg_config():
    out = SCRATCH / "by_pkg_config"
    sh(CC, "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", ROOT / "examples/first_query/first_query.c",
       *pkg_config("--cflags", "--libs", "pinion"), f"-Wl,-rpath,{library_dir()}", "-o", out)
    run_example(out)


def a_program_builds_statically():
    out = SCRATCH / "static"
    flags = pkg_config("--cflags", "--libs", "--static", "pinion")
    flags = [library_dir() / "libpinion.a" if f == "-lpinion" else f for f in flags]
    sh(CC, ROOT / "examples/first_query/first_query.c", *flags, f"-Wl,-rpath,{library_dir()}", "-o", out)
    assert "libpinion.so" not in sh("readelf", "-d", out)
    run_example(out)


def a_program_builds_with_cmake():
    source, build = SCRATCH / "first_query", SCRATCH / "by_cmake"
    shutil.copytree(ROOT / "examples/first_query", source)
    sh("cmake", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={HOME}")
    sh("cmake", "--build", build)
    run_example(build / "first_query")


def a_pack_of_functions_builds_and_is_used():
    pack, project = SCRATCH / "word_count.so", SCRATCH / "packed"
    sh(CC, "-std=c17", "-shared", "-fPIC", *pkg_config("--cflags", "pinion-plugin"),
       ROOT / "examples/udf_pack/word_count.c", "-o", pack)
    project.mkdir()
    (project / "pinion.yaml").write_text(f"version: 1\nname: packed\nfunctions:\n  packs:\n    - path: {pack}\n")
    answer = sh(HOME / "bin/pinion", "-C", project, "-q", "run", "-c", "select word_count('a b c') as n",
                "--format", "jsonlines")
    assert json.loads(answer) == {"n": 3}, answer


def a_pack_in_cpp_builds_and_keeps_its_exceptions():
    pack, project = SCRATCH / "vowels.so", SCRATCH / "packed_cpp"
    sh(CXX, "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC",
       *pkg_config("--cflags", "pinion-plugin"), ROOT / "examples/udf_pack_cpp/vowels.cpp", "-o", pack)
    project.mkdir()
    (project / "pinion.yaml").write_text(f"version: 1\nname: packed\nfunctions:\n  packs:\n    - path: {pack}\n")
    ask = [HOME / "bin/pinion", "-C", project, "-q", "run", "--format", "jsonlines", "-c"]
    answer = sh(*ask, "select vowels(v) as n from (values ('audio'), (null)) t(v) order by n")
    assert [json.loads(row) for row in answer.splitlines()] == [{"n": 4}, {"n": None}], answer
    failed = subprocess.run([*map(str, ask), "select vowels(v) as n from (values ('r2d2')) t(v)"],
                            capture_output=True, text=True)
    assert failed.returncode != 0 and "'r2d2' has a digit" in failed.stderr, failed


def the_recipe_for_a_pack_works():
    """The blocks of the page, as they stand there: the C file, the commands in order, the last output."""
    page = (ROOT / "docs/recipes/write-a-pack.md").read_text()
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.M | re.S)
    folder = SCRATCH / "recipe"
    folder.mkdir()
    (folder / "percent.c").write_text("".join(text for kind, text in blocks if kind == "c"))
    script = f"cd '{folder}'\nset -e\n" + "".join(text for kind, text in blocks if kind == "sh")
    printed = sh("bash", "-c", script, PKG_CONFIG_PATH=str(library_dir() / "pkgconfig"),
                 PATH=f"{HOME / 'bin'}:{os.environ['PATH']}")
    wanted = [text for kind, text in blocks if not kind]
    assert len(wanted) == 1 and printed.endswith(wanted[0]), printed
    assert "ok    percent: " in printed and "percent(part float64, whole float64) -> float64" in printed, printed


def the_program_works_anywhere():
    repository, out = SCRATCH / "repository", SCRATCH / "graph"
    repository.mkdir()
    (repository / "a.py").write_text("def f():\n    return 1\n\n\ndef g():\n    return f()\n")
    pinion = HOME / "bin/pinion"
    assert sh(pinion, "--version").startswith("pinion ")
    sh(pinion, "-q", "cpg", "build", repository, "--out", out)
    rows = sh(pinion, "-C", out, "-q", "cpg", "query", "callers", "--param", "name=f", "--format", "jsonlines")
    assert [json.loads(r)["caller"] for r in rows.splitlines()] == ["a.g"], rows
    page = (HOME / "share/man/man1/pinion.1").read_text()
    assert page.startswith((".TH", ".\\\"")) and "cpg" in page
    words = sh("bash", "-c", f'. "{HOME}/share/bash-completion/completions/pinion"; complete -p pinion')
    assert "pinion" in words, words


CASES = [it_installs_below_destdir, everything_is_there, nothing_names_the_build,
         libraries_are_found_from_where_they_lie, a_program_builds_with_pkg_config, a_program_builds_statically,
         a_program_builds_with_cmake, a_pack_of_functions_builds_and_is_used, a_pack_in_cpp_builds_and_keeps_its_exceptions,
         the_recipe_for_a_pack_works, the_program_works_anywhere]


def main():
    cache = (BUILD / "CMakeCache.txt").read_text()
    if re.search(r"^PN_(SANITIZE:STRING=.+|COVERAGE:\w+=ON)$", cache, re.M):
        print("the installed tree is tested in builds without sanitizers and counters")
        return 77
    print(f"1..{len(CASES)}")
    failed = 0
    try:
        for number, case in enumerate(CASES, 1):
            try:
                case()
                print(f"ok {number} - {case.__name__}")
            except Exception:
                failed += 1
                print(f"not ok {number} - {case.__name__}")
                print("\n".join(f"# {line}" for line in traceback.format_exc().splitlines()))
    finally:
        shutil.rmtree(SCRATCH)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
