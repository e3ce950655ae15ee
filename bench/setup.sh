#!/usr/bin/env bash
# bench/setup.sh: the peers of bench/requirements.txt in an environment of their own, in the cache.
# Prints the path of its python. Made once per list and Python version.
. "$(dirname "$0")/../tools/lib.sh"
cd "$root"

venv=$cache/bench-$({ cat bench/requirements.txt; python3 -V; } | sha256sum | cut -c1-12)
make_peers() {
    [ ! -f "$venv/done" ] || return 0
    run_logged "$cache/bench.log" "making the benchmarks' Python environment" python3 -m venv --clear "$venv"
    run_logged "$cache/bench.log" "installing $(grep -c '^[a-z]' bench/requirements.txt) peers" \
        "$venv/bin/pip" install --only-binary :all: -r bench/requirements.txt
    touch "$venv/done"
}
[ -f "$venv/done" ] || with_lock "$cache/bench.lock" make_peers
echo "$venv/bin/python"
