#!/usr/bin/env bash
# The demo: the code property graph of the installed Python's own json and asyncio packages, then what is in it.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${PN_BUILD_DIR:-build/ci}
pinion=$build/bin/pinion
demo=$build/demo
python=${PINION_PYTHON:-python3}

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n== %s\n' "$*"; }

# Runs a command, then prints its time and the largest memory any one of its processes had.
measured() {
    "$python" -c '
import resource, subprocess, sys, time
start = time.monotonic()
code = subprocess.run(sys.argv[1:]).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"time: {time.monotonic() - start:.1f} s, peak memory of one process: {peak:.0f} MB")
sys.exit(code)' "$@"
}

library=$("$python" -c 'import os, json; print(os.path.dirname(os.path.dirname(json.__file__)))')
rm -rf "$demo/src" && mkdir -p "$demo/src"
cp -r "$library/json" "$library/asyncio" "$demo/src/"
find "$demo/src" -name __pycache__ -prune -exec rm -rf {} +

say "Building the code property graph of json and asyncio ($("$python" --version 2>&1))"
measured "$pinion" cpg build "$demo/src" --out "$demo/cpg"

say "Nodes per kind"
"$pinion" -C "$demo/cpg" -q run -c 'select node_kind, count(*) as nodes from cpg_nodes_v1 group by node_kind order by node_kind'
say "Edges per kind"
"$pinion" -C "$demo/cpg" -q run -c 'select edge_kind, count(*) as edges from cpg_edges_v1 group by edge_kind order by edge_kind'
say "Fingerprints: the same for the same files, in any folder"
"$pinion" -C "$demo/cpg" -q plan --json | "$python" -c '
import json, sys
for view in json.load(sys.stdin)["views"]:
    if view["name"].startswith("cpg_"):
        print(view["fingerprint"], view["name"])'
say "Who calls asyncio's ensure_future?"
"$pinion" -C "$demo/cpg" -q cpg query callers --param name=ensure_future
say "The largest classes"
"$pinion" -C "$demo/cpg" -q cpg query largest_classes
say "What imports asyncio.futures, and what it imports"
"$pinion" -C "$demo/cpg" -q cpg query imports_of --param module=asyncio.futures
