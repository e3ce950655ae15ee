"""TAP for the suites of the tools: run(cases) runs functions in order and reports each."""
import pathlib
import sys
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(cases):
    print(f"1..{len(cases)}")
    failed = 0
    for number, case in enumerate(cases, 1):
        try:
            case()
            print(f"ok {number} - {case.__name__}")
        except Exception:
            failed += 1
            print(f"not ok {number} - {case.__name__}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
    sys.exit(1 if failed else 0)
