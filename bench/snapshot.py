"""The snapshot of all functions and its hash for 40, 100 and 1,000 functions: time per function beside the
smallest, of the functions of one pack alone, and for sessions, which have the built-in ones as well and ask again for
next to nothing. The pack alone is measured by the program of tests/roundtrip, so this runs with the tests' Python."""
import json
import os
import pathlib
import subprocess
import sys

import common

sys.path.insert(0, str(common.ROOT / "tests/roundtrip"))

SIZES = (40, 100, 1000)


def pack_of(build, count):
    path = (build / f"bench/pack_of_{count}.so").resolve()
    path.parent.mkdir(exist_ok=True)
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", "-O1", "-shared", "-fPIC", "-Iinclude",
                    f"-DFUNCTIONS={count}", "bench/pack_of_n.c", "-o", str(path)], check=True)
    return path


def session(driver, args, pack):
    """A session with the functions of the pack beside the built-in ones."""
    finished = common.run([driver, pack, args.runs], env={"LD_LIBRARY_PATH": str(args.build / "lib")})
    return json.loads(finished.out)


def main():
    args = common.arguments(__doc__, runs=15).parse_args()
    os.environ["PN_BUILD_DIR"] = str(pathlib.Path(args.build).resolve())
    import doors
    driver = args.build / "bench/snapshot"
    if not driver.exists() or not doors.PROGRAM.exists():
        print("skipped: the driver or the program of tests/roundtrip is not built")
        return 0
    print("\n### Snapshot and hash of functions (time per function beside the smallest; goal: at most 2)\n")
    print("| functions | snapshot + hash | per function | ratio | a session: functions | snapshot + hash | asked again |")
    print("|" + "---|" * 7)
    first = worst = 0
    for size in SIZES:
        pack = pack_of(args.build, size)
        process = doors.Doors(common.ROOT, seconds=600)
        alone = process.ask(do="snapshotting", path=str(pack), runs=args.runs)
        process.stop()
        assert alone["is"] == "done" and alone["functions"] == size, alone
        whole = session(driver, args, pack)
        per_function = alone["ms"] / size
        first = first or per_function
        worst = max(worst, per_function / first)
        print(f"| {size:,} | {alone['ms']:.3f} ms | {1000 * per_function:.2f} µs | {per_function / first:.2f} | "
              f"{whole['functions']:,} | {whole['snapshot_ms']:.3f} ms | {1000 * whole['again_ms']:.1f} µs |")
    print(f"\n- largest ratio {worst:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
