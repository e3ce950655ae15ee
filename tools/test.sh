#!/usr/bin/env bash
# tools/test.sh PRESET [CTEST-ARGUMENT…]: runs every registered suite and closes with one plain line,
# "N passed, N failed, N skipped", counted from the cases of all suites.
. "$(dirname "$0")/lib.sh"
cd "$root"
preset=${1:-ci}; [ $# -eq 0 ] || shift
dir=$root/build/$preset
results=$dir/results.xml
rm -f "$results"
code=0
ctest --test-dir "$dir" --output-on-failure -j "$jobs" --no-tests=error \
    --test-output-size-passed 100000000 --test-output-size-failed 100000000 \
    --output-junit "$results" "$@" || code=$?
exec python3 tools/tally.py "$results" "$code"
