#!/usr/bin/env bash
# tools/fuzz.sh [SECONDS]: each target of tests/fuzz for that long (60), from its corpus.
. "$(dirname "$0")/lib.sh"
cd "$root"
seconds=${1:-60}
tools/setup.sh check
tools/engine.sh fuzz quick
mapfile -t names < <(basename -s .c tests/fuzz/fuzz_*.c)
tools/build.sh fuzz "${names[@]}"
for name in "${names[@]}"; do
    target=build/fuzz/fuzz/$name work=build/fuzz/corpus/$name
    mkdir -p "$work"
    say "  $name: $seconds s"
    "$target" -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="build/fuzz/$name-" \
        "$work" "tests/fuzz/corpus/${name#fuzz_}"* >"build/fuzz/$name.log" 2>&1 ||
        { tail -n 30 "build/fuzz/$name.log" >&2; die "$name found a defect" "build/fuzz/$name.log"; }
    grep -E 'number_of_executed_units|new_units_added' "build/fuzz/$name.log" >&2 || true
done
