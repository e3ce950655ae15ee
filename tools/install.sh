#!/usr/bin/env bash
# tools/install.sh PREFIX [DESTDIR]: installs build/release below DESTDIR, for life under PREFIX.
. "$(dirname "$0")/lib.sh"
cd "$root"
prefix=${1:?usage: tools/install.sh PREFIX [DESTDIR]} destdir=${2-}
dir=build/release
# The prefix is written into pkg-config files, so it is a matter of configuration.
grep -qxF "CMAKE_INSTALL_PREFIX:PATH=$prefix" "$dir/CMakeCache.txt" ||
    run_logged "$dir/configure.log" "setting the prefix to $prefix" \
        cmake -S . -B "$dir" -DCMAKE_INSTALL_PREFIX="$prefix"
tools/build.sh release
DESTDIR=$destdir cmake --install "$dir" >"$dir/install.log"
say "installed $(wc -l <"$dir/install_manifest.txt") files below $destdir$prefix"
