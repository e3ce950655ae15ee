#!/usr/bin/env bash
# tools/clippy.sh: rustfmt and clippy over engine/, every warning an error, with what the quick engine is
# built with; then the waivers, counted. Says so and passes where a tool is not installed.
. "$(dirname "$0")/lib.sh"
cd "$root/engine"
target=$(engine_target)
bad=0

# there COMPONENT COMMAND…: whether the component of the toolchain is installed.
there() {
    local component=$1; shift
    "$@" --version >/dev/null 2>&1 && return
    echo "clippy: $component is not installed, skipped (rustup component add $component)"
    return 1
}
run_clippy() {
    CARGO_TARGET_DIR=$target cargo clippy --quiet --locked --profile quick --features fault \
        --jobs "$jobs" -- -D warnings -D clippy::allow_attributes_without_reason ||
        { echo "clippy: warnings above"; bad=1; }
}

if there rustfmt cargo fmt; then
    cargo fmt --check || { echo "clippy: the files above are not formatted (cargo fmt)"; bad=1; }
fi
if there clippy cargo clippy; then
    say "  clippy (the first time it goes through the engine's dependencies: minutes)"
    run_clippy
fi
mapfile -t waived < <(grep -rnE '#!?\[allow\(' src build.rs)
printf '%s\n' "${waived[@]}" | sed -nE 's/^([^:]+:[0-9]+):.*\[allow\((.*)\)\].*/waived: engine\/\1: \2/p'
echo "clippy: $(find src build.rs -name '*.rs' | wc -l) files, ${#waived[@]} waivers," \
    "$([ "$bad" = 0 ] && echo clean || echo 'problems above')"
exit "$bad"
