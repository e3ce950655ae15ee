#!/usr/bin/env bash
# tools/lint.sh [FILE…]: clang-tidy over src/ with the dev preset's flags. A file that was clean stays
# clean until it, a header, or the rules change: its verdict is kept under the digest of those.
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
mapfile -t headers < <(git ls-files -co --exclude-standard -- 'src/*.h' 'src/*.def' 'include/*.h')
common=$(hash_of .clang-tidy "${headers[@]}")

lint_one() {
    local file=$1 mark out
    [ -f "$file" ] || return 0
    mark=$verdicts/$({ echo "$common"; cat "$file"; } | sha256sum | cut -c1-32)
    [ ! -f "$mark" ] || return 0
    out=$("$tidy" -p "$dir" --quiet "$file" 2>&1 | grep -vE 'warnings? (generated|treated)|^$') || true
    if grep -qE '(warning|error):' <<<"$out"; then printf '%s\n' "$out"; return 1; fi
    touch "$mark"
}
export -f lint_one; export tidy dir verdicts common
bad=0
printf '%s\0' "${files[@]}" | xargs -0 -P "$jobs" -n 1 bash -c 'lint_one "$1"' lint || bad=1
echo "lint: ${#files[@]} files, $([ "$bad" = 0 ] && echo clean || echo 'problems above')"
exit "$bad"
