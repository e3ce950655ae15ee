"""The snapshot of all functions and its hash for sessions with 40, 100 and 1,000 functions: time per function
beside the smallest, and what asking again costs."""
import json
import os
import subprocess
import sys

import common

SIZES = (40, 100, 1000)
BUILT_IN_ROOM = 10  # a session has the built-in pack as well; the pack holds the rest, at least these


def main():
    args = common.arguments(__doc__, runs=15).parse_args()
    driver = args.build / "bench/snapshot"
    if not driver.exists():
        print("skipped: the driver is not built")
        return 0
    print("\n### Snapshot and hash of functions (time per function beside the smallest; goal: at most 2)\n")
    print("| functions | snapshot + hash | per function | ratio | asked again |\n|" + "---|" * 5)
    first = worst = 0
    built_in = None
    for size in SIZES:
        count = max(size - (built_in or 0), BUILT_IN_ROOM)
        pack = (args.build / f"bench/pack_of_{count}.so").resolve()
        subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", "-O1", "-shared", "-fPIC", "-Iinclude",
                        f"-DFUNCTIONS={count}", "bench/pack_of_n.c", "-o", str(pack)], check=True)
        finished = common.run([driver, pack, args.runs], env={"LD_LIBRARY_PATH": str(args.build / "lib")})
        line = json.loads(finished.out)
        built_in = line["functions"] - count
        per_function = line["snapshot_ms"] / line["functions"]
        first = first or per_function
        worst = max(worst, per_function / first)
        print(f"| {line['functions']:,} | {line['snapshot_ms']:.3f} ms | {1000 * per_function:.2f} µs | "
              f"{per_function / first:.2f} | {1000 * line['again_ms']:.1f} µs |")
    print(f"\n- largest ratio {worst:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
