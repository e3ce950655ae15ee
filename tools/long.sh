#!/usr/bin/env bash
# make long: what takes too long for each change. Every fault in every program, every 16th under
# AddressSanitizer; every query of the engine's own tests through Substrait, also across processes;
# the scalar functions on 100,000 random rows;
# ThreadSanitizer over all suites; ten minutes per fuzz target; and line coverage of src/.
. "$(dirname "$0")/lib.sh"
cd "$root"
# faults PRESET EVERY: as many processes as there are cores share the faults.
faults() {
    local preset=$1 every=$2 part pids=() failed=0
    tools/engine.sh "$preset" quick
    tools/build.sh "$preset"
    for ((part = 0; part < jobs; part++)); do
        LSAN_OPTIONS=suppressions=$root/tests/support/lsan.supp ASAN_OPTIONS=detect_leaks=1 \
            PN_BUILD_DIR=$root/build/$preset PN_BIN=$root/build/$preset/bin/pinion T_SOURCE_DIR=$root \
            FAULT_STEP=$((every * jobs)) FAULT_START=$((every * part)) python3 tests/fault/test_fault.py &
        pids+=($!)
    done
    for part in "${pids[@]}"; do wait "$part" || failed=1; done
    return "$failed"
}
faults ci 1
faults dev 16
PN_BUILD_DIR=$root/build/ci "$(cat "$cache/python.path")" tests/roundtrip/test_sqllogictest.py --all
PN_BUILD_DIR=$root/build/ci "$(cat "$cache/python.path")" tests/roundtrip/test_processes.py --all
UDF_ROWS=100000 PN_BIN=$root/build/ci/bin/pinion "$(cat "$cache/python.path")" tests/python/test_udf_random.py
UDF_ROWS=12000 PN_BIN=$root/build/ci/bin/pinion "$(cat "$cache/python.path")" tests/python/test_udf_aggregates.py
# A library over datafusion-ffi, as somebody else would write one.
(cd engine && CARGO_TARGET_DIR=$(engine_target) cargo build --locked --profile quick --features fault --example foreign)
PN_FOREIGN_LIBRARY=$(engine_target)/quick/examples/libforeign.so T_SOURCE_DIR=$root PN_BUILD_DIR=$root/build/ci \
    build/ci/tests/it_test_foreign
tools/engine.sh tsan quick
tools/build.sh tsan
tools/test.sh tsan -LE "tools|header|install" # nothing instrumented runs in these
compgen -G 'tests/fuzz/fuzz_*.c' >/dev/null && tools/fuzz.sh "${FUZZ_SECONDS:-600}"
tools/engine.sh coverage quick
tools/build.sh coverage
tools/test.sh coverage
python3 tools/coverage.py build/coverage
