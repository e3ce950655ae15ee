"""TPC-H and TPC-DS, both doors in one process and in turns: replay beside SQL up to the first batch of rows, compiling
beside plan + optimise, and canonicalise + fingerprint. Each query counts with the least of its runs.

SQL is taken up to the first batch by pinion's own door, which compiles a bundle and runs it (replay.c), and by the bare
engine's, which plans and optimises and keeps nothing. The program of the latter and the material are those of
tests/roundtrip, so this runs with the tests' Python.
"""
import json
import os
import pathlib
import statistics
import sys
import tempfile

import common

sys.path.insert(0, str(common.ROOT / "tests/roundtrip"))


def measure(material, name, runs):
    doors, queries = material.opened(name)
    times = [doors.ask(do="time", sql=sql, runs=runs) for sql in queries.values()]
    doors.stop()
    wrong = [f"{number}: {time['why']}" for number, time in zip(queries, times) if time["is"] != "done"]
    assert not wrong, wrong

    def total(*steps):
        return sum(time[step] for time in times for step in steps)

    def middle(step):
        return statistics.median(time[step] for time in times)

    bare = total("plan", "optimise")
    rows = (("replay to first batch", "replay_first", "SQL of the bare engine to first batch", "sql_first", 0.8),
            ("replay to physical plan", None, "SQL to physical plan", "sql_physical", 0.8))
    for ours, our_step, peer, its_step, goal in rows:
        mine = total(our_step) if our_step else total("consume", "replay_physical")
        print(f"| {name}, {len(times)}: {ours} | {runs} | {mine:.0f} ms | {peer} {total(its_step):.0f} ms | "
              f"{mine / total(its_step):.2f} | {goal} |")
    ratios = [time["replay_first"] / time["sql_first"] for time in times]
    print(f"| {name}: median of the queries' ratios, first batch | {runs} | | | {statistics.median(ratios):.2f} | 0.8 |")
    kept = sum(time["keep"] > 0 for time in times)
    fresh = total("prove", "restore")
    print(f"| {name}: from the plan cache to a plan, {kept} kept | {runs} | {fresh:.0f} ms | "
          f"from Substrait {total('consume'):.0f} ms | {fresh / total('consume'):.2f} | |")
    compiled = bare + total("produce", "canon")
    keeping = compiled + total("keep", "prove")
    print(f"| {name}: compile and keep | {runs} | {keeping:.0f} ms | compile {compiled:.0f} ms | "
          f"{keeping / compiled:.2f} | |")
    print(f"| {name}: compile | {runs} | {compiled:.0f} ms | plan + optimise {bare:.0f} ms | {compiled / bare:.2f} | 1.4 |")
    print(f"| {name}: canonicalise + fingerprint | {runs} | {middle('canon'):.3f} ms a plan, median | | | 0.4 ms |")


def through_the_library(args, material, name):
    """What a user of the library saves: from SQL, which is compiled first, and from a bundle, to the first batch."""
    folder, queries = material.tpc(name)
    tables = sorted(path.stem for path in folder.glob("*.parquet"))
    with tempfile.TemporaryDirectory() as texts:
        for number, sql in queries.items():
            (pathlib.Path(texts) / f"q{number:02}.sql").write_text(sql.strip().rstrip(";"))
        done = common.run([args.build / "bench/replay", folder, texts, len(queries), args.runs, *tables],
                          env={"LD_LIBRARY_PATH": str(args.build / "lib")})
    times = [json.loads(line) for line in done.out.splitlines()]
    sql, replay = (sum(min(time[key]) for time in times) for key in ("sql_ms", "replay_ms"))
    middle = statistics.median(min(time["replay_ms"]) / min(time["sql_ms"]) for time in times)
    print(f"| {name}, {len(times)}: replay of a bundle to first batch | {args.runs} | {replay:.0f} ms | "
          f"SQL through a bundle to first batch {sql:.0f} ms | {replay / sql:.2f} | 0.8 |")
    print(f"| {name}: median of the queries' ratios, the same | {args.runs} | | | {middle:.2f} | 0.8 |")


def main():
    args = common.arguments(__doc__).parse_args()
    os.environ["PN_BUILD_DIR"] = str(pathlib.Path(args.build).resolve())
    import doors
    import material
    if not doors.PROGRAM.exists():
        print("skipped: the program of tests/roundtrip is not built")
        return 0
    print("\n### Replay beside SQL, TPC at scale 0.01 (first batches on the clock, the others in processor time)\n")
    print("| work | runs | ours, sum | beside, sum | ratio | goal |\n|" + "---|" * 6)
    for name in ("tpch", "tpcds"):
        through_the_library(args, material, name)
        measure(material, name, args.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
