#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TPC-H and TPC-DS through both doors: plain SQL, and canonical Substrait that is replayed; equal rows, none refused.

    test_tpc.py [--time RUNS]      # processor time of each step instead, least of RUNS

Skipped (77) without the package duckdb, which makes data and queries.
"""
import argparse
import statistics
import sys

import material
from doors import PROGRAM, Doors, Report, skip


def opened(name):
    """A process that knows the tables, and {number: SQL}."""
    folder, queries = material.tpc(name)
    doors = Doors(folder)
    doors.ask(do="file")
    for path in sorted(folder.glob("*.parquet")):
        sql = f"create external table {path.stem} stored as parquet location '{path}'"
        made = doors.ask(do="setup", sql=sql)
        assert made["is"] == "done", made
    return doors, {number: sql.strip().rstrip(";") for number, sql in queries.items()}


def run(name, want):
    (doors, queries), report = opened(name), Report()
    for number, sql in sorted(queries.items()):
        report.add(f"{name} {number}", sql, doors.ask(do="query", sql=sql))
    doors.stop()
    report.print(full=True)
    return report.counts["same"] == want == len(queries)


def measure(name, runs):
    doors, queries = opened(name)
    times = [doors.ask(do="time", sql=sql, runs=runs) for sql in queries.values()]
    doors.stop()
    middle = {step: statistics.median(time[step] for time in times) for step in times[0] if step not in ("is", "why")}
    bare = [time["plan"] + time["optimise"] for time in times]
    ours = [time["plan"] + time["optimise"] + time["produce"] + time["canon"] for time in times]
    replay = [time["consume"] + time["replay_physical"] for time in times]
    print(f"{name}, median ms: " + ", ".join(f"{step} {ms:.3f}" for step, ms in middle.items()))
    print(f"{name}, ratio of sums: compile / plan + optimise {sum(ours) / sum(bare):.2f}, replay / SQL, both to the "
          f"physical plan {sum(replay) / sum(time['sql_physical'] for time in times):.2f}")


if not PROGRAM.exists():
    skip(f"{PROGRAM} is not built")
parser = argparse.ArgumentParser()
parser.add_argument("--time", type=int, default=0)
runs = parser.parse_args().time
if runs:
    for name in ("tpch", "tpcds"):
        measure(name, runs)
    sys.exit(0)
passed = [run("tpch", 22), run("tpcds", 99)]
print("1..2")
for i, (ok, name) in enumerate(zip(passed, ("TPC-H", "TPC-DS")), 1):
    print(f"{'ok' if ok else 'not ok'} {i} - all of {name} replays with equal rows")
sys.exit(not all(passed))
