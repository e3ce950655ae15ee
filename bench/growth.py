"""How canonicalising, comparing and rendering grow with plans: the time per node of each size, beside that of
the smallest size of the same shape. Linear growth is a ratio near 1."""
import json
import sys

import common

WORK = ("canonical_ms", "diff_ms", "text_ms")


def main():
    args = common.arguments(__doc__, runs=15).parse_args()
    driver = args.build / "bench/growth"
    if not driver.exists():
        print("skipped: the driver is not built")
        return 0
    finished = common.run([driver, args.runs], env={"LD_LIBRARY_PATH": str(args.build / "lib")})
    print("\n### Growth of canonical plans (time per node beside the smallest of its shape; goal: at most 2)\n")
    print("| shape | size | nodes | canonicalise | ratio | compare | ratio | render | ratio |\n|" + "---|" * 9)
    first, worst = {}, 0
    for line in map(json.loads, finished.out.splitlines()):
        cells = [line["shape"], f"{line['size']:,}", f"{line['nodes']:,}"]
        for work in WORK:
            least = min(line[work])
            per_node = least / line["nodes"]
            ratio = per_node / first.setdefault((line["shape"], work), per_node)
            worst = max(worst, ratio)
            cells += [f"{least:.3f} ms", f"{ratio:.2f}"]
        print("| " + " | ".join(cells) + " |")
    print(f"\n- largest ratio {worst:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
