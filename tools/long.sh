#!/usr/bin/env bash
# make long: what takes too long for each change. ThreadSanitizer over all suites, ten minutes per fuzz
# target, and line coverage of src/ from the suites.
. "$(dirname "$0")/lib.sh"
cd "$root"
tools/engine.sh tsan quick
tools/build.sh tsan
tools/test.sh tsan
compgen -G 'tests/fuzz/fuzz_*.c' >/dev/null && tools/fuzz.sh "${FUZZ_SECONDS:-600}"
tools/engine.sh coverage quick
tools/build.sh coverage
tools/test.sh coverage
python3 tools/coverage.py build/coverage
