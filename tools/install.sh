#!/usr/bin/env bash
# tools/install.sh PREFIX [DESTDIR]: installs build/release below DESTDIR, for life under PREFIX.
. "$(dirname "$0")/lib.sh"
cd "$root"
prefix=${1:?usage: tools/install.sh PREFIX [DESTDIR]} destdir=${2-}
dir=build/release
case $prefix in /*) ;; *) die "PREFIX '$prefix' is not absolute" "make install PREFIX=/usr/local" 2 ;; esac
tools/check-abi --exports --build "$dir" >&2
DESTDIR=$destdir run_logged "$dir/install.log" "installing below $destdir$prefix" \
    cmake --install "$dir" --prefix "$prefix"
say "installed $(grep -c . "$dir/install_manifest.txt") files below $destdir$prefix"
