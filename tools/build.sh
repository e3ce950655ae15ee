#!/usr/bin/env bash
# tools/build.sh [PRESET [TARGET…]]: configures once, then builds what is out of date. KEEP_GOING=1
# builds what it can although something fails.
. "$(dirname "$0")/lib.sh"
cd "$root"
preset=${1:-ci}; [ $# -eq 0 ] || shift
dir=build/$preset

# The stamp holds what the configuration depends on besides CMake's own list.
configure() {
    [ -f "$dir/build.ninja" ] && [ -f "$dir/configured" ] &&
        [ CMakePresets.json -ot "$dir/configured" ] && [ "$dir/engine.path" -ot "$dir/configured" ] && return
    run_logged "$dir/configure.log" "configuring $dir" cmake --preset "$preset"
    touch "$dir/configured"
}
build() {
    mkdir -p "$dir"
    configure
    cmake --build "$dir" -j "$jobs" ${@:+--target "$@"} -- ${KEEP_GOING:+-k 0} \
        $([ -t 1 ] || echo --quiet) >&2
}
with_lock "$root/$dir/.lock" build "$@"
