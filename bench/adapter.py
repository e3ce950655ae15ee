"""What a call of a pack's kernel costs, per batch of 1 row and of 8,192, beside a call of a function of the engine."""
import json
import sys

import common


def main():
    args = common.arguments(__doc__, runs=9).parse_args()
    driver, pack = args.build / "bench/adapter", args.build / "bench/same_pack.so"
    if not driver.exists() or not pack.exists():
        print("skipped: the driver is not built")
        return 0
    finished = common.run([driver, pack.resolve(), args.runs], env={"LD_LIBRARY_PATH": str(args.build / "lib")})
    print("\n### A call of a pack's kernel (least time over that of a sum without a function; goal: under 2 µs)\n")
    print("| rows of a batch | batches | abs() of the engine | same() of a pack | more | ratio of the sums |\n"
          + "|---" * 6 + "|")
    for line in map(json.loads, finished.out.splitlines()):
        nothing, engine, pack_ms = (min(line[name]) for name in ("nothing_ms", "engine_ms", "pack_ms"))
        theirs, ours = ((ms - nothing) * 1000 / line["batches"] for ms in (engine, pack_ms))
        print(f"| {line['rows_per_batch']:,} | {line['batches']:,} | {theirs:.2f} µs | {ours:.2f} µs "
              f"| {ours - theirs:.2f} µs | {pack_ms / engine:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
