"""Cold start: a new process that answers `select 1`, beside DuckDB and DataFusion from Python."""
import sys

import common

DUCKDB = "import duckdb; duckdb.sql('select 1').fetchall()"
DATAFUSION = "import datafusion; datafusion.SessionContext().sql('select 1').collect()"


def main():
    parser = common.arguments(__doc__, runs=15)
    args = parser.parse_args()
    pinion = args.build / "bin/pinion"
    if not pinion.exists():
        print(f"skipped: {pinion} is not built")
        return 0
    contenders = {
        "pinion": [pinion, "run", "-c", "select 1", "--format", "csv"],
        "duckdb (Python)": [sys.executable, "-c", DUCKDB],
        "datafusion (Python)": [sys.executable, "-c", DATAFUSION],
        "python alone": [sys.executable, "-c", "pass"],
    }
    results = common.in_turns({name: lambda argv=argv: common.run(argv) for name, argv in contenders.items()},
                              args.runs, warm=2)
    common.print_ratios("Cold start of `select 1` (goal: at most 0.5)",
                        {name: [run.seconds for run in runs] for name, runs in results.items()})
    memory = ", ".join(f"{name} {max(run.largest_mib for run in runs):.0f} MiB" for name, runs in results.items())
    print(f"\nPeak memory: {memory}.")
    return 0 if "pinion" in results else 1


if __name__ == "__main__":
    sys.exit(main())
