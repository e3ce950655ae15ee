"""How compiling grows: with the size of a plan, the depth of an expression, the number of functions that a query
calls and of those that a session has. Each step's time per node of the plan beside that of the smallest size of the
same shape: linear growth is a ratio near 1, and so is none at all where only the session grows and the plan stays.
Processor time, the least of the runs.

The steps "plan" and "produce" (optimise, write as Substrait, read back and compare) are the engine's; "canon" makes
the plan canonical, "seal" digests what the fingerprint covers, of which "digests" counts. The program is that of
tests/roundtrip, so this runs with the tests' Python.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import common

sys.path.insert(0, str(common.ROOT / "tests/roundtrip"))



def sums(n):
    return "select " + ", ".join(f"a + {i} as e{i}" for i in range(n)) + " from t"


def branches(n):
    return " union all ".join(f"select a from t where a > {i}" for i in range(n))


def deep(n):
    return "select " + "(1 + " * n + "a" + ")" * n + " as d from t"


def nested(n):
    return "select " + "abs(" * n + "a" + ")" * n + " as d from t"


def calls(n):
    return "select " + ", ".join(f"plus_{i}(a) as e{i}" for i in range(n)) + " from t"


def one_call(_):
    return "select plus_0(a) as e from t"


# (shape, query of a size, sizes, whether the session has a pack of that many functions)
SHAPES = (
    ("expressions", sums, (100, 1000), False),
    ("branches of a union", branches, (50, 500), False),
    ("levels of operators", deep, (50, 500), False),
    ("levels of calls", nested, (50, 200), False),  # the engine optimises these in cubic time
    ("functions called", calls, (40, 100, 1000), True),
    ("functions of the session", one_call, (40, 100, 1000), True),
)
STEPS = ("plan", "produce", "canon", "seal", "compile")
OURS = ("canon", "seal")


def pack_of(count, folder):
    path = pathlib.Path(folder) / f"many_{count}.so"
    if not path.exists():
        subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", "-O2", "-shared", "-fPIC", f"-DCOUNT={count}",
                        f"-I{common.ROOT / 'include'}", str(common.ROOT / "bench/many_functions.c"), "-o", str(path)],
                       check=True)
    return path


def measure(doors, query, size, packed, runs, folder):
    process = doors.Doors(common.ROOT, seconds=600)
    lines = [{"do": "open"}, {"do": "rows", "name": "t", "text": '[{"a": 1}, {"a": 2}]'}]
    if packed:
        lines.insert(1, {"do": "pack", "path": str(pack_of(size, folder))})
    for line in lines:
        made = process.ask(**line)
        assert made["is"] == "done", made
    found = process.ask(do="compiling", sql=query(size), runs=runs)
    process.stop()
    return found


def main():
    args = common.arguments(__doc__).parse_args()
    os.environ["PN_BUILD_DIR"] = str(pathlib.Path(args.build).resolve())
    import doors
    if not doors.PROGRAM.exists():
        print("skipped: the program of tests/roundtrip is not built")
        return 0
    print("\n### Growth of compiling (ms, and the time per unit beside the smallest size of its shape)\n")
    columns = ("shape", "size", "nodes", "first compile", *STEPS, "digests")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        for shape, query, sizes, packed in SHAPES:
            smallest = None
            for size in sizes:
                found = measure(doors, query, size, packed, args.runs, folder)
                if found["is"] != "done":
                    print(f"| {shape} | {size:,} | {found['why']} |")
                    continue
                unit = found["nodes"]
                smallest = smallest or (found, unit)
                cells = []
                for step in STEPS:
                    ratio = found[step] / unit / max(smallest[0][step] / smallest[1], 1e-9)
                    worst = max(worst, ratio if step in OURS else 0)
                    cells.append(f"{found[step]:.2f} ({ratio:.2f})")
                cells = [shape, f"{size:,}", f"{unit:,}", f"{found['first']:.2f}", *cells, str(found["digests"])]
                print(f"| {' | '.join(cells)} |")
    print(f"\n- largest ratio of canon and seal {worst:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
