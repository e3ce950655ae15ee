"""Canonicalise and digest the 22 TPC-H plans, beside SHA-256 of the same bytes: the least that an identity can
cost."""
import hashlib
import pathlib
import statistics
import sys
import tempfile
import time

import common
import tpch


def sha256_ms(path, runs):
    data, times = path.read_bytes(), []
    for _ in range(runs):
        start = time.perf_counter()
        hashlib.sha256(data).hexdigest()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def main():
    args = common.arguments(__doc__, runs=50).parse_args()
    queries, data = common.external("tpch/queries"), common.external("tpch/data_sf0.01")
    driver = args.build / "bench/identity"
    if not queries or not data or not driver.exists():
        print("skipped: " + ("the driver is not built" if queries and data else "no external data with tpch/"))
        return 0
    env = {"LD_LIBRARY_PATH": str(args.build / "lib")}
    with tempfile.TemporaryDirectory() as folder:
        common.run([driver, "--plans", data, queries, folder], env=env)
        lines = tpch.lines_of([driver, folder, args.runs], env=env)
        hashes = {query: sha256_ms(pathlib.Path(folder) / f"q{query:02}.plan", args.runs) for query in lines}
    medians = {query: statistics.median(line["canonical_ms"]) for query, line in lines.items()}
    print("\n### Canonicalise and digest, 22 TPC-H plans (goal: median at most 0.4 ms)\n")
    print(f"- median of the queries' medians {statistics.median(medians.values()):.3f} ms, "
          f"least {min(medians.values()):.3f}, most {max(medians.values()):.3f} (query {max(medians, key=medians.get)})")
    print(f"- plans of {min(line['bytes'] for line in lines.values())} to "
          f"{max(line['bytes'] for line in lines.values())} bytes, "
          f"{statistics.median(line['bytes'] / medians[query] / 1e3 for query, line in lines.items()):.1f} MB/s")
    for name, how in tpch.BEST.items():
        ours = sum(how(line["canonical_ms"]) for line in lines.values())
        plain = sum(how(times) for times in hashes.values())
        print(f"- {name}, all 22: {ours:.2f} ms beside {plain:.2f} ms of SHA-256 alone, ratio {ours / plain:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
