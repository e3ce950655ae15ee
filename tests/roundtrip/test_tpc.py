#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TPC-H and TPC-DS through both doors: plain SQL, and canonical Substrait that is replayed; equal rows, none refused.

Skipped (77) without the package duckdb, which makes data and queries.
"""
import sys

import material
from doors import PROGRAM, Report, skip


def run(name, want):
    (doors, queries), report = material.opened(name), Report()
    for number, sql in sorted(queries.items()):
        report.add(f"{name} {number}", sql, doors.ask(do="query", sql=sql))
    doors.stop()
    report.print(full=True)
    return report.counts["same"] == want == len(queries)


if not PROGRAM.exists():
    skip(f"{PROGRAM} is not built")
passed = [run("tpch", 22), run("tpcds", 99)]
print("1..2")
for i, (ok, name) in enumerate(zip(passed, ("TPC-H", "TPC-DS")), 1):
    print(f"{'ok' if ok else 'not ok'} {i} - all of {name} replays with equal rows")
sys.exit(not all(passed))
