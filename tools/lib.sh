# Sourced by the other tools. Sets: root (project folder), cache (outside the checkout), jobs.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/pinion"
jobs=${JOBS:-$(nproc)}

say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$1" >&2; [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2; exit "${3:-1}"; }

# hash_of FILE...: one digest over names (as given) and contents, in the order given.
hash_of() { local f; for f in "$@"; do printf '%s\0' "$f"; cat "$f"; done | sha256sum | cut -c1-64; }

# engine_target: cargo's target folder, one per rustc; cargo knows what a change of lock or manifest touches.
engine_target() {
    echo "$cache/engine/target-$(cd "$root/engine" && rustc -Vv | sha256sum | cut -c1-12)"
}

# with_lock FILE COMMAND...: one holder at a time; says so when it has to wait.
with_lock() {
    local file=$1; shift
    mkdir -p "$(dirname "$file")"
    exec 9>"$file"
    flock -n 9 || { say "waiting for another build to leave $(basename "$file") …"; flock 9; }
    "$@" 9>&-
    exec 9>&-
}

# run_logged LOG WHAT COMMAND...: quiet when it works, the log's end when it does not.
run_logged() {
    local log=$1 what=$2; shift 2
    say "  $what …"
    "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; die "$what failed" "the whole log is in $log"; }
}

# pinned_tool NAME: the command of the version that tools/VERSIONS names (clang-format-14, or plain).
pinned_tool() {
    local name=$1 want tool
    want=$(awk -v n="$name" '$1==n {print $2}' "$root/tools/VERSIONS")
    for tool in "$name-$want" "$name"; do
        if command -v "$tool" >/dev/null && "$tool" --version | grep -qE "version $want\b"; then
            echo "$tool"; return
        fi
    done
    die "$name $want is missing (its verdict depends on the version)" "tools/setup.sh check" 2
}
