"""TPC-H over Parquet files: bundles beside DataFusion, DuckDB and polars, and compiling beside plan + optimise.

Each engine is one process over all 22 queries, one after the other. A query's time is the best (or the median)
of its runs; sums go over the queries that both engines answer with equal row counts.
"""
import json
import pathlib
import shutil
import statistics
import subprocess
import sys

import common

HERE = pathlib.Path(__file__).resolve().parent
PEERS = ["datafusion", "duckdb", "polars"]
BEST = {"best": min, "median": statistics.median}


def generate(scale):
    """Folder with the eight tables as Parquet, made once per scale."""
    folder = common.cache_dir() / f"tpch-sf{scale}"
    if not (folder / "done").exists():
        print(f"generating TPC-H scale {scale} …", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        tool = pathlib.Path(sys.executable).parent / "tpchgen-cli"
        subprocess.run([tool, "parquet", "-s", str(scale), "--output-dir", folder], check=True,
                       stdout=subprocess.DEVNULL)
        (folder / "done").touch()
    return folder


def lines_of(argv, **options):
    """{query: line} of a program that prints a JSON line per query."""
    finished = common.run(argv, **options)
    return {line["query"]: line for line in map(json.loads, finished.out.splitlines())}


def measure_all(args, data, queries):
    library = args.build / "lib"
    results = {"pinion": lines_of([args.build / "bench/tpch", data, queries, args.runs],
                                  env={"LD_LIBRARY_PATH": str(library)})}
    for peer in [*PEERS, "datafusion-plan"]:
        try:
            results[peer] = lines_of([sys.executable, HERE / "tpch_peer.py", peer, data, queries, args.runs])
        except common.Failed as failure:
            print(f"{peer} drops out: {failure}", file=sys.stderr)
    return results


def agreeing(ours, theirs):
    """Queries that both answer with equal row counts; the others are named."""
    same = []
    for query, line in ours.items():
        other = theirs.get(query, {"error": "no answer"})
        if "error" in other:
            print(f"- query {query}: {other['error']}")
        elif other["rows"] != line["rows"]:
            print(f"- query {query}: {other['rows']} rows, ours are {line['rows']}")
        else:
            same.append(query)
    return same


def total(lines, key, queries, how):
    return sum(how(lines[query][key]) for query in queries) / 1e3


def print_execution(results, scale):
    ours = results["pinion"]
    print(f"\n### TPC-H scale {scale}, replay of bundles (goal: at most 1.00 of datafusion)\n")
    rows = []
    for peer in PEERS:
        same = agreeing(ours, results.get(peer, {}))
        if same:
            pairs = [(total(ours, "run_ms", same, how), total(results[peer], "run_ms", same, how))
                     for how in BEST.values()]
            rows.append([peer, len(same), *(cell for mine, its in pairs for cell in
                                            (f"{mine:.2f}", f"{its:.2f}", f"{mine / its:.2f}"))])
    head = [f"{name} {what}" for name in BEST for what in ("ours s", "theirs s", "ratio")]
    print("\n| peer | queries | " + " | ".join(head) + " |\n|" + "---|" * (len(head) + 2))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")


def print_queries(results):
    print("\nPer query, best, ms: " + ", ".join(results) + "\n")
    for query, line in results["pinion"].items():
        cells = [f"{min(line['run_ms']):.1f}"]
        for peer in PEERS:
            its = results.get(peer, {}).get(query, {}).get("run_ms")
            cells.append(f"{min(its):.1f} ({min(line['run_ms']) / min(its):.2f})" if its else "-")
        print(f"  q{query:02}  " + "  ".join(f"{cell:>16}" for cell in cells))


def print_compile(results):
    """The first compile of a process resolves the tables and is left out."""
    ours, bare = results["pinion"], results.get("datafusion-plan", {})
    same = [query for query, line in bare.items() if "error" not in line]
    if not same:
        return
    mine = {name: total(ours, "compile_ms", same, how) for name, how in BEST.items()}
    its = {name: total(bare, "run_ms", same, how) for name, how in BEST.items()}
    print(f"\n### Compile {len(same)} queries to bundles beside plan + optimise in datafusion's Python package\n")
    for name in BEST:
        print(f"- {name}: {mine[name] * 1e3:.1f} ms beside {its[name] * 1e3:.1f} ms, ratio {mine[name] / its[name]:.2f}")


def main():
    parser = common.arguments(__doc__)
    parser.add_argument("--scale", default="1")
    parser.add_argument("--data", type=pathlib.Path, help="folder with <table>.parquet instead of generating")
    args = parser.parse_args()
    queries = common.external("tpch/queries")
    if not queries or not (args.build / "bench/tpch").exists():
        print("skipped: " + ("the driver is not built" if queries else "no external data with tpch/queries"))
        return 0
    data = args.data or generate(args.scale)
    results = measure_all(args, data, queries)
    print_execution(results, args.data or args.scale)
    print_queries({name: results[name] for name in ["pinion", *PEERS] if name in results})
    print_compile(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
