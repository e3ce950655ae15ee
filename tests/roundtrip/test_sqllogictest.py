#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every SELECT of the engine's own sqllogictest files through both doors: plain SQL, and canonical Substrait replayed.

    test_sqllogictest.py [--all] [--full] [FILE…]      # FILE: part of a file's name

A wrong result fails, and so do refusals of 1 % or more. Without --all (make long) it takes a sample of the files.
Skipped (77) without the crate.
"""
import argparse
import concurrent.futures
import os
import pathlib
import sys
import tempfile

import material
import slt
from doors import PROGRAM, WRONG, Doors, Report, skip

# The sample of `make test`: the forms that Substrait has no word for, in small files.
SAMPLE = ("alias.slt", "arrow_try_cast.slt", "array/array_has.slt", "binary.slt", "case.slt", "cte.slt",
          "dictionary_struct.slt", "distinct_on.slt", "grouping.slt", "datetime/interval.slt", "join_only.slt",
          "named_arguments.slt", "null_aware_anti_join.slt", "predicates.slt", "same_column_name_cross_join.slt",
          "struct.slt", "subquery.slt", "table_functions.slt", "union.slt", "unnest.slt", "window_limits.slt")
# (file, part of the query, why its rows may differ)
KNOWN = (
    ("aggregate.slt", "rollup(c2, c3) limit 3", "LIMIT without an order picks any rows"),
    ("functional_dependencies.slt", "SELECT DISTINCT x FROM t_uniq",
     "the engine drops DISTINCT over a UNIQUE column though its nulls repeat; over a stub without keys it does not"),
    ("push_down_filter_unnest.slt", "where \"d.column1.b\" > 5",
     "the engine pushes the filter below the unnest of a struct and then misses the column: an error, no other rows"),
)


def known(path, sql, answer):
    """The answer, as `known` when its difference has a reason."""
    for name, part, why in KNOWN:
        if answer["is"] == "different" and path.name == name and part in sql:
            return {"is": "known", "why": why}
    return answer


def run_file(folder, path):
    """The report of one file, in a folder whose scratch is its own."""
    doors, report = Doors(folder), Report()
    where = path.relative_to(folder / "test_files")
    (folder / "test_files/scratch" / path.stem).mkdir(parents=True, exist_ok=True)
    doors.ask(do="file")
    for record in slt.records(path):
        sql = record.sql.strip().rstrip(";")
        word = sql.split(None, 1)[0].upper() if sql else ""
        change = slt.setting(sql)
        if change:
            doors.ask(do="set", key=change[0], value=change[1])
        elif word in ("SELECT", "WITH", "VALUES", "("):
            report.add(f"{where}:{record.line}", sql, known(path, sql, doors.ask(do="query", sql=sql)))
        elif word in ("CREATE", "DROP", "INSERT", "COPY", "DELETE", "UPDATE", "TRUNCATE"):
            material.supply(sql, folder)
            answer = doors.ask(do="setup", sql=sql)
            if answer["is"] in ("crashed", "hung"):
                report.add(f"{where}:{record.line}", sql, answer)
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
    wrong = sum(report.counts[name] for name in WRONG)
    refused, planned = report.counts["refused"], report.planned()
    print(f"# {planned} queries planned, {refused} refused ({100 * refused / max(planned, 1):.2f} %), {wrong} wrong")
    few = refused * 100 < planned
    print("1..2")
    print(f"{'not ok' if wrong or not planned else 'ok'} 1 - no replay gives other rows than plain SQL")
    print(f"{'ok' if few else 'not ok'} 2 - fewer than one in a hundred is refused")
    sys.exit(bool(wrong or not few))


if __name__ == "__main__":
    main()
