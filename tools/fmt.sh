#!/usr/bin/env bash
# tools/fmt.sh [--check] [FILE…]: formats the C sources (or says which are not) with the pinned version.
. "$(dirname "$0")/lib.sh"
cd "$root"
check=0; [ "${1-}" != --check ] || { check=1; shift; }
format=$(pinned_tool clang-format)
if [ $# -gt 0 ]; then files=("$@"); else
    mapfile -t files < <(git ls-files -co --exclude-standard -- 'src/*.[ch]' 'include/*.h' \
        'tests/*.[ch]' 'plugins/*.[ch]' 'examples/*.[ch]' | grep -v '^tests/compat/')
fi
for f in "${files[@]}"; do case $f in *.[ch]) ;; *) die "$f is no C source" "Rust is formatted by cargo fmt" 2 ;; esac; done
present=(); for f in "${files[@]}"; do [ ! -f "$f" ] || present+=("$f"); done
[ "${#present[@]}" -gt 0 ] || exit 0
if [ "$check" = 0 ]; then exec "$format" -i "${present[@]}"; fi
bad=0
for f in "${present[@]}"; do
    cmp -s "$f" <("$format" "$f") || { echo "$f: not formatted (make fmt)"; bad=$((bad + 1)); }
done
echo "fmt: ${#present[@]} files, $bad not formatted"
[ "$bad" -eq 0 ]
