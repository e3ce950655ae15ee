#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bundles across processes: one compiles, runs plain SQL and exports; another, in another folder, imports the one file
and replays from Substrait; equal rows.

    test_processes.py [--all] [--full] [FILE…]         # FILE: part of the name of a sqllogictest file

All of TPC-H, and with --all (make long) all of TPC-DS and of the engine's own sqllogictest files; else a sample of
them. A difference counts as known when plain SQL alone shows its reason (proof.c); what else does not pass is listed. Each half is skipped without what it reads (package duckdb; crate).
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import sys
import tempfile

import material
import slt
from doors import PARTITIONS, PROGRAM, Doors, Report, skip

TPCDS_SAMPLE = range(1, 100, 9)


def must(answer):
    assert answer["is"] == "done", answer
    return answer


def opened(folder, kept, *more):
    """A process that has a session of pinion, and has it again when it was killed; copies of tables lie in `kept`."""
    return Doors(folder, greeting=({"do": "file", "kept": True}, {"do": "open", "path": str(kept)}) + more)


# ---- TPC ----


def tables(doors, folder):
    for path in sorted(folder.glob("*.parquet")):
        must(doors.ask(do="setup", sql=f"create external table {path.stem} stored as parquet location '{path}'"))
        must(doors.ask(do="dataset", name=path.stem, path=str(path)))


def tpc(name, only, scratch):
    """The importing process reads a copy of the data elsewhere: a pin is of what is read, not of where it lies."""
    folder, queries = material.tpc(name)
    queries = {n: sql.strip().rstrip(";") for n, sql in sorted(queries.items()) if not only or n in only}
    report, there, bundles = Report(), scratch / name, scratch / f"{name}.pnb"
    shutil.copytree(folder, there)
    first, prints = opened(folder, scratch), {}
    tables(first, folder)
    for number, sql in queries.items():
        answer = first.ask(do="compile", sql=sql, path=str(scratch / f"{name}-{number}.rows"))
        if answer["is"] == "compiled":
            prints[number] = answer["fingerprint"]
        else:
            report.add(f"{name} {number}", sql, answer)
    must(first.ask(do="export", path=str(bundles)))
    first.stop()
    second = opened(there, scratch)
    tables(second, there)
    assert must(second.ask(do="import", path=str(bundles)))["roots"] == len(set(prints.values()))
    for number, fingerprint in prints.items():
        report.add(f"{name} {number}", queries[number],
                   second.ask(do="replay", name=fingerprint, sql=queries[number],
                              path=str(scratch / f"{name}-{number}.rows")))
    second.stop()
    print(f"# {name}: {len(prints)} of {len(queries)} in a file of {bundles.stat().st_size} bytes")
    report.print(full=True)
    return report.counts["same"] == len(queries)


# ---- sqllogictest ----

def walk(doors, folder, path, query):
    """Set-up and settings of a file go to the process, each query to `query`."""

    def on_setting(key, value):
        doors.ask(do="setting", name=key, value=value)
        if key != PARTITIONS:
            doors.ask(do="set", key=key, value=value)

    def on_setup(_, sql):
        material.supply(sql, folder)
        doors.ask(do="setup", sql=sql)

    slt.walk(path, on_setting, on_setup, query)


def run_file(pair, scratch, name):
    """The report of one file; each process has the files of the crate in a folder of its own."""
    report, prints = Report(), {}
    home = scratch / name.replace("/", "-")
    home.mkdir()

    def start(folder, *more):
        (folder / "test_files/scratch" / pathlib.Path(name).stem).mkdir(parents=True, exist_ok=True)
        return opened(folder, home, *more)

    def out(index, line, sql):
        answer = first.ask(do="compile", sql=sql, path=str(home / f"{index}.rows"))
        if answer["is"] == "compiled":
            prints[index] = answer["fingerprint"]
        else:
            report.add(f"{name}:{line}", sql, answer)

    def back(index, line, sql):
        if index in prints:
            answer = second.ask(do="replay", name=prints[index], sql=sql, path=str(home / f"{index}.rows"))
            report.add(f"{name}:{line}", sql, answer)

    first = start(pair[0])
    walk(first, pair[0], pair[0] / "test_files" / name, out)
    exported = first.ask(do="export", path=str(home / "all.pnb")) if prints else {"is": "done"}
    first.stop()
    if exported["is"] != "done":
        report.add(name, "", {"is": "different", "why": f"no export: {exported['why']}"})
    elif prints:
        second = start(pair[1], {"do": "import", "path": str(home / "all.pnb")})
        walk(second, pair[1], pair[1] / "test_files" / name, back)
        second.stop()
    shutil.rmtree(home)
    return report


def sqllogictest(names, every, full, scratch):
    pair, whole = [], Report()
    for parent in (scratch / "out", scratch / "in"):
        parent.mkdir()
        pair.append(material.sqllogictest(parent))
    found = sorted(str(path.relative_to(pair[0] / "test_files")) for path in (pair[0] / "test_files").rglob("*.slt"))
    files = [name for name in found if any(part in name for part in names)] if names else found if every else SAMPLE
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count()))) as pool:
        for report in pool.map(lambda name: run_file(pair, scratch, name), files):
            whole.merge(report)
    whole.print(full)
    return all(whole.verdict())


SAMPLE = ("binary.slt", "cte.slt", "grouping.slt", "join_only.slt", "subquery.slt", "union.slt")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("files", nargs="*")
    given = parser.parse_args()
    if not PROGRAM.exists():
        skip(f"{PROGRAM} is not built")
    passed = {}
    with tempfile.TemporaryDirectory(prefix="pinion-processes-") as parent:
        scratch = pathlib.Path(parent)
        if not given.files:
            passed["TPC-H"] = tpc("tpch", None, scratch)
            passed["TPC-DS"] = tpc("tpcds", None if given.all else TPCDS_SAMPLE, scratch)
        passed["sqllogictest"] = sqllogictest(given.files, given.all, given.full, scratch)
    print(f"1..{len(passed)}")
    for i, (name, ok) in enumerate(passed.items(), 1):
        print(f"{'ok' if ok else 'not ok'} {i} - {name} replays in another process with equal rows")
    sys.exit(not all(passed.values()))


if __name__ == "__main__":
    main()
