#!/usr/bin/env bash
# bench/run.sh [NAME…]: runs the benchmarks (default: cold_start identity growth snapshot compiling udf adapter tpch replay cpg) against a built preset
# and prints ratios to peers of the same run. Nothing is recorded: bench/README.md holds what was measured.
#
#   PRESET=release  SCALE=1  RUNS=5  DATA=folder of tables instead of generated ones
. "$(dirname "$0")/../tools/lib.sh"
cd "$root"
preset=${PRESET:-release} scale=${SCALE:-1} runs=${RUNS:-5}
[ $# -gt 0 ] || set -- cold_start identity growth snapshot compiling udf adapter tpch replay cpg
build=build/$preset
[ -e "$build/lib/libpinion.so" ] ||
    die "$build/lib/libpinion.so is not built" "make bench, or tools/build.sh $preset" 2
python=$(bench/setup.sh)

# The drivers are clients of the built library like any other program.
mkdir -p "$build/bench"
for driver in tpch replay identity growth snapshot udf adapter; do
    ${CC:-cc} -std=gnu17 -O2 -Wall -Wextra -Iinclude bench/bench.c "bench/$driver.c" \
        -o "$build/bench/$driver" -L"$build/lib" -lpinion -Wl,-rpath-link,"$build/lib"
done
${CC:-cc} -std=gnu17 -O2 -Wall -Wextra -Iinclude -shared -fPIC bench/same_pack.c -o "$build/bench/same_pack.so"

"$python" -c 'import sys; sys.path.insert(0, "bench"); import common; print(common.machine())'
awk '/^[a-z]/ {printf "%s%s", sep, $1; sep=", "} END {print ""}' bench/requirements.txt
failed=()
for name in "$@"; do
    options=(--build "$build" --runs "$runs")
    case $name in
    tpch) options+=(--scale "$scale" ${DATA:+--data "$DATA"}) ;;
    cold_start | identity | growth | snapshot | udf | adapter) options=(--build "$build") ;; # short ones choose their own, larger number
    cpg | compiling | replay) ;;
    *) die "unknown benchmark '$name'" "cold_start, identity, growth, snapshot, compiling, udf, adapter, tpch, replay or cpg" 2 ;;
    esac
    case $name in compiling | replay | snapshot) runs_in=$(cat "$cache/python.path") ;; *) runs_in=$python ;; esac
    PYTHONDONTWRITEBYTECODE=1 "$runs_in" "bench/$name.py" "${options[@]}" || failed+=("$name")
done
[ "${#failed[@]}" -eq 0 ] || die "failed: ${failed[*]}"
