#!/usr/bin/env bash
# tools/lint.sh [FILE…]: clang-tidy over src/ with the dev preset's flags, then the waivers, counted. A
# file that was clean stays clean until the rules or its preprocessed text (comments kept, since a
# waiver is one) change: its verdict is kept in the cache under the digest of those.
. "$(dirname "$0")/lib.sh"
cd "$root"
tidy=$(pinned_tool clang-tidy)
dir=build/dev
[ -f "$dir/compile_commands.json" ] || tools/build.sh dev help >/dev/null
verdicts=$cache/lint
mkdir -p "$verdicts"
if [ $# -gt 0 ]; then files=("$@"); else
    mapfile -t files < <(git ls-files -co --exclude-standard -- 'src/*.c' 'plugins/*.c')
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# file<TAB>its compile command without the output, file names relative to the project.
python3 -c '
import json, os, shlex, sys
for entry in json.load(open(sys.argv[1])):
    words = shlex.split(entry["command"])
    del words[words.index("-o"):words.index("-o") + 2]
    print(os.path.relpath(entry["file"]), shlex.join(words), sep="\t")' \
    "$dir/compile_commands.json" >"$scratch/commands"

lint_one() {
    local file=$1 command mark out
    [ -f "$file" ] || return 0
    command=$(awk -F '\t' -v f="$file" '$1==f {print $2; exit}' "$scratch/commands")
    [ -n "$command" ] || { echo "$file: error: no target compiles this file"; return 1; }
    (cd "$dir" && eval "$command -E -C -P") >"$scratch/${file//\//_}" 2>/dev/null || {
        echo "$file: error: the preprocessor refuses it (tools/build.sh dev)"; return 1; }
    mark=$verdicts/$(cat .clang-tidy "$scratch/${file//\//_}" | sha256sum | cut -c1-32)
    [ ! -f "$mark" ] || return 0
    out=$("$tidy" -p "$dir" --quiet "$file" 2>&1 | grep -vE 'warnings? (generated|treated)|^$') || true
    if grep -qE '(warning|error):' <<<"$out"; then printf '%s\n' "$out"; return 1; fi
    touch "$mark"
}

# A waiver names its check and says why: NOLINT…(check): reason. NOLINTEND only closes one.
waivers() {
    local found bare
    found=$(grep -nE 'NOLINT(NEXTLINE|BEGIN)?\b' "${files[@]}" /dev/null | grep -v NOLINTEND) || true
    [ -n "$found" ] || { echo "lint: 0 waivers"; return 0; }
    sed -E 's/^([^:]*:[0-9]+):.*NOLINT[A-Z]*/waived: \1: /; s: *\*/ *$::' <<<"$found"
    echo "lint: $(wc -l <<<"$found") waivers"
    bare=$(grep -vE 'NOLINT[A-Z]*\([a-z][A-Za-z0-9.,-]*\): .*[a-z]{2}' <<<"$found") || return 0
    printf '%s\n' "$bare"
    echo "lint: the waivers above name no check or no reason: NOLINT(check): why"
    return 1
}
export -f lint_one; export tidy dir verdicts scratch
bad=0
printf '%s\0' "${files[@]}" | xargs -0 -P "$jobs" -n 1 bash -c 'lint_one "$1"' lint || bad=1
waivers || bad=1
echo "lint: ${#files[@]} files, $([ "$bad" = 0 ] && echo clean || echo 'problems above')"
exit "$bad"
