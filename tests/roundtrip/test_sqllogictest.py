#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every SELECT of the engine's own sqllogictest files through both doors: plain SQL, and canonical Substrait replayed.

    test_sqllogictest.py [--all] [--full] [FILE…]      # FILE: part of a file's name

A wrong result fails unless plain SQL itself shows the reason (proof.c), and so do refusals of 1 % or more. Without
--all (make long) it takes a sample of the files. Skipped (77) without the crate.
"""
import argparse
import concurrent.futures
import os
import pathlib
import sys
import tempfile

import material
import slt
from doors import PARTITIONS, PROGRAM, Doors, Report, skip

# The sample of `make test`: the forms that Substrait has no word for, in small files.
SAMPLE = ("alias.slt", "arrow_try_cast.slt", "array/array_has.slt", "binary.slt", "case.slt", "cte.slt",
          "dictionary_struct.slt", "distinct_on.slt", "grouping.slt", "datetime/interval.slt", "join_only.slt",
          "named_arguments.slt", "null_aware_anti_join.slt", "predicates.slt", "same_column_name_cross_join.slt",
          "struct.slt", "subquery.slt", "table_functions.slt", "union.slt", "unnest.slt", "window_limits.slt")


def run_file(folder, path):
    """The report of one file, in a folder whose scratch is its own."""
    doors, report, settings = Doors(folder), Report(), {}
    where = path.relative_to(folder / "test_files")
    (folder / "test_files/scratch" / path.stem).mkdir(parents=True, exist_ok=True)
    doors.ask(do="file")

    def on_setting(key, value):
        settings[key] = value
        doors.ask(do="set", key=key, value=value)

    def on_setup(line, sql):
        material.supply(sql, folder)
        answer = doors.ask(do="setup", sql=sql)
        if answer["is"] in ("crashed", "hung"):
            report.add(f"{where}:{line}", sql, answer)

    def on_query(_, line, sql):
        answer = doors.ask(do="query", sql=sql)
        if answer["is"] == "different":
            doors.ask(do="open")
            for key, value in settings.items():
                if key != PARTITIONS:
                    doors.ask(do="setting", name=key, value=value)
            proved = doors.ask(do="prove", sql=sql)
            answer = proved if proved["is"] == "known" else answer
            doors.ask(do="close")
        report.add(f"{where}:{line}", sql, answer)

    slt.walk(path, on_setting, on_setup, on_query)
    doors.stop()
    return report


def run(paths, folder, jobs):
    whole = Report()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for report in pool.map(lambda path: run_file(folder, path), paths):
            whole.merge(report)
    return whole


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("files", nargs="*")
    given = parser.parse_args()
    if not PROGRAM.exists():
        skip(f"{PROGRAM} is not built")
    with tempfile.TemporaryDirectory(prefix="pinion-slt-") as parent:
        folder = material.sqllogictest(pathlib.Path(parent))
        paths = sorted((folder / "test_files").rglob("*.slt"))
        if given.files:
            paths = [path for path in paths if any(name in str(path.relative_to(folder)) for name in given.files)]
        elif not given.all:
            paths = [folder / "test_files" / name for name in SAMPLE]
        report = run(paths, folder, int(os.environ.get("JOBS", os.cpu_count())))
    report.print(given.full)
    right, few = report.verdict()
    print("1..2")
    print(f"{'ok' if right else 'not ok'} 1 - no replay gives other rows than plain SQL")
    print(f"{'ok' if few else 'not ok'} 2 - fewer than one in a hundred is refused")
    sys.exit(not (right and few))


if __name__ == "__main__":
    main()
