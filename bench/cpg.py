"""The code property graph of Django's source archive: time and memory of `pinion cpg build`, beside Joern's pysrc2cpg
where a JDK 17 and Maven are found (PN_BENCH_JOERN=0 leaves it out)."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

import common

DJANGO = "5.2.19"
JOERN = "4.0.379"
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>bench</groupId><artifactId>bench</artifactId><version>1</version>
<dependencies><dependency><groupId>io.joern</groupId><artifactId>pysrc2cpg_3</artifactId>
<version>{version}</version></dependency></dependencies></project>
"""


def django():
    """The unpacked source archive, fetched once."""
    folder = common.cache_dir() / f"django-{DJANGO}"
    if not (folder / "done").exists():
        print(f"fetching the source archive of Django {DJANGO} …", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:",
                        "-d", folder, f"Django=={DJANGO}"], check=True)
        archive = next(folder.glob("*.tar.gz"))
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        shutil.unpack_archive(archive, folder, **safely)
        archive.unlink()
        (folder / "done").touch()
    return next(path for path in folder.iterdir() if path.is_dir())


def pysrc2cpg():
    """The class path of Joern's Python frontend, fetched once; None when it cannot be had."""
    java = shutil.which("java")
    if os.environ.get("PN_BENCH_JOERN") == "0" or not java or not shutil.which("mvn"):
        return None
    version = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    if not any(f'version "{major}' in version for major in range(17, 30)):
        return None
    folder = common.cache_dir() / f"joern-{JOERN}"
    if not (folder / "done").exists():
        print(f"fetching Joern's pysrc2cpg {JOERN} …", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "pom.xml").write_text(POM.format(version=JOERN), encoding="utf-8")
        fetched = subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"],
                                 cwd=folder, check=False, stdout=sys.stderr)
        if fetched.returncode != 0:
            print("pysrc2cpg could not be fetched", file=sys.stderr)
            return None
        (folder / "done").touch()
    return folder / "lib"


def count(source):
    files = [path for path in source.rglob("*") if path.suffix in (".py", ".pyi") and path.is_file()]
    return len(files), sum(path.read_bytes().count(b"\n") for path in files)


def contenders(args, source, scratch):
    def pinion():
        out = pathlib.Path(scratch) / "pinion"
        shutil.rmtree(out, ignore_errors=True)
        return common.run([args.build / "bin/pinion", "--json", "cpg", "build", source, "--out", out], tree=True)

    def joern():
        return common.run([shutil.which("java"), "-cp", f"{libraries}/*", "io.joern.pysrc2cpg.NewMain",
                           "-o", f"{scratch}/joern.bin", source], cwd=scratch, tree=True)
    libraries = pysrc2cpg()
    return {"pinion": pinion, **({"pysrc2cpg": joern} if libraries else {})}


def print_report(run):
    try:
        report = json.loads(run.out)
        steps = ", ".join(f"{name} {ms / 1e3:.1f} s" for name, ms in report["duration_ms"].items())
        rows = ", ".join(f"{table['table']} {table['rows']}" for table in report["evidence"])
        graph = ", ".join(f"{one['view']} {one['rows']}" for one in (report["project"] or {}).get("outputs", []))
    except (ValueError, KeyError, TypeError) as problem:
        print(f"(the report does not read: {problem})", file=sys.stderr)
        return
    print(f"\nSteps: {steps}. Evidence rows: {rows}. Outputs: {graph}.")


def main():
    parser = common.arguments(__doc__)
    parser.add_argument("--source", type=pathlib.Path, help="another folder of sources")
    args = parser.parse_args()
    if not (args.build / "bin/pinion").exists():
        print(f"skipped: {args.build / 'bin/pinion'} is not built")
        return 0
    source = (args.source or django()).resolve()
    files, lines = count(source)
    with tempfile.TemporaryDirectory() as scratch:
        results = common.in_turns(contenders(args, source, scratch), args.runs, warm=0)
    title = f"cpg build of {source.name}: {files} files, {lines} lines (goal: half the time, a quarter of the memory)"
    common.print_ratios(title, {name: [run.seconds for run in runs] for name, runs in results.items()},
                        unit=1, unit_name="s")
    common.print_ratios("Peak memory, all processes together",
                        {name: [run.tree_mib for run in runs] for name, runs in results.items()},
                        unit=1, unit_name="MiB")
    if "pinion" in results:
        print_report(results["pinion"][0])
    return 0 if "pinion" in results else 1


if __name__ == "__main__":
    sys.exit(main())
