#!/usr/bin/env bash
# Brings the third-party sources of third_party/pins.txt into the cache and prints their folder.
# The folder's name is the digest of everything that decides its contents, so a hit needs no network.
. "$(dirname "$0")/lib.sh"
cd "$root"
self=tools/third_party.sh
lock_of() { awk -v n="$2" '/^\[\[package\]\]/{f=0} $1=="name"{f=($3=="\""n"\"")} f' "$1"; }
key=$({ hash_of third_party/pins.txt third_party/sdist-tools.txt third_party/crates/Cargo.lock $self
        lock_of engine/Cargo.lock substrait; protoc-c --version 2>/dev/null || true; } |
      sha256sum | cut -c1-16)
dir=$cache/third_party/$key
if [ -f "$dir/done" ]; then echo "$dir"; exit 0; fi

pin() { awk -v n="$1" -v f="$2" '$1==n {print $f}' third_party/pins.txt; }

fetch_nanoarrow() { # -> downloads/<sha>-nanoarrow.tar.gz
    local want version archive venv stage
    want=$(pin nanoarrow 3) version=$(pin nanoarrow 2)
    archive=$cache/downloads/$want-nanoarrow.tar.gz
    [ -f "$archive" ] && return
    venv=$cache/sdist-venv stage=$(mktemp -d "$cache/stage.XXXXXX")
    run_logged "$cache/sdist-venv.log" "making a venv for pip" python3 -m venv --clear "$venv"
    run_logged "$cache/sdist-venv.log" "installing build tools of source archives" \
        "$venv/bin/pip" install --require-hashes --only-binary :all: -r third_party/sdist-tools.txt
    printf 'nanoarrow==%s --hash=sha256:%s\n' "$version" "$want" >"$stage/req.txt"
    run_logged "$cache/nanoarrow.log" "fetching nanoarrow $version (source archive)" \
        env PATH="$venv/bin:$PATH" "$venv/bin/pip" download --no-deps --no-binary nanoarrow \
        --no-build-isolation --require-hashes -d "$stage" -r "$stage/req.txt"
    echo "$want  $(echo "$stage"/nanoarrow-*.tar.gz)" | sha256sum -c --quiet - ||
        die "the archive of nanoarrow $version is not the pinned one" "see third_party/pins.txt"
    mv "$stage"/nanoarrow-*.tar.gz "$archive"
    rm -rf "$stage" "$venv"
}

unpack_nanoarrow() {
    local out=$1/nanoarrow stage=$1/stage src flatcc version
    version=$(pin nanoarrow 2)
    mkdir -p "$stage" "$out/src" "$out/include/nanoarrow" "$out/flatcc"
    tar -xzf "$cache/downloads/$(pin nanoarrow 3)-nanoarrow.tar.gz" -C "$stage" --strip-components=1
    src=$stage/subprojects/arrow-nanoarrow/src/nanoarrow
    flatcc=$(echo "$stage"/subprojects/flatcc-*)
    cp -R "$src/common" "$src/ipc" "$out/include/nanoarrow/"
    cp "$src"/nanoarrow.h "$src"/nanoarrow_ipc.h "$out/include/nanoarrow/"
    cp -R "$flatcc/include" "$out/flatcc/include"
    mkdir -p "$out/flatcc/src" && cp "$flatcc"/src/runtime/*.c "$out/flatcc/src/"
    cp "$flatcc/LICENSE" "$out/flatcc/"
    IFS=. read -r major minor patch <<<"$version"
    sed -e "s/@NANOARROW_VERSION_MAJOR@/$major/" -e "s/@NANOARROW_VERSION_MINOR@/$minor/" \
        -e "s/@NANOARROW_VERSION_PATCH@/$patch/" -e "s/@NANOARROW_VERSION@/$version/" \
        -e 's/@NANOARROW_NAMESPACE_DEFINE@/#define NANOARROW_NAMESPACE PinionNanoarrow/' \
        "$src/nanoarrow_config.h.in" >"$out/include/nanoarrow/nanoarrow_config.h"
    rm -rf "$stage"
}

# crate_dir MANIFEST NAME: the folder cargo unpacked the crate into.
crate_dir() {
    cargo metadata --locked --format-version 1 --manifest-path "$1" 2>/dev/null |
        python3 -c 'import json,os,sys
for p in json.load(sys.stdin)["packages"]:
    if p["name"] == sys.argv[1] and p["version"] == sys.argv[2]: print(os.path.dirname(p["manifest_path"]))' \
            "$2" "$(pin "$2" 2)"
}

check_lock() { # LOCK NAME: the lock and pins.txt agree
    lock_of "$1" "$2" | grep -q "checksum = \"$(pin "$2" 3)\"" ||
        die "$1 locks another '$2' than third_party/pins.txt" "bring the two to one version"
}

copy_crates() {
    local out=$1 manifest=third_party/crates/Cargo.toml name from
    for name in tree-sitter tree-sitter-python; do
        check_lock third_party/crates/Cargo.lock "$name"
        from=$(crate_dir "$manifest" "$name")
        [ -d "$from/src" ] || die "cargo did not unpack the crate '$name'" "cargo fetch --locked"
        mkdir -p "$out/$name" && cp -R "$from/src" "$out/$name/"
        [ ! -d "$from/include" ] || cp -R "$from/include" "$out/$name/"
        [ ! -d "$from/queries" ] || cp -R "$from/queries" "$out/$name/"
    done
    check_lock engine/Cargo.lock substrait
    from=$(crate_dir engine/Cargo.toml substrait)
    [ -d "$from/substrait/proto" ] || die "the crate 'substrait' has no proto folder"
    mkdir -p "$out/substrait" && cp -R "$from/substrait/proto" "$out/substrait/proto"
    chmod -R u+w "$out"
}

# protoc-c 1.4.1 refuses proto3 `optional`; a one-field oneof is what proto3 itself makes of it.
generate_substrait() {
    local out=$1/substrait google f
    google=$(for f in /usr/include /usr/local/include; do
        [ ! -f "$f/google/protobuf/any.proto" ] || { echo "$f"; break; }; done)
    [ -n "$google" ] || die "google/protobuf/any.proto is missing" "install libprotobuf-dev"
    find "$out/proto" -name '*.proto' -exec sed -i -E \
        's/^( *)optional +([A-Za-z0-9_.]+) +([a-z0-9_]+) *= *([0-9]+);/\1oneof \3_oneof { \2 \3 = \4; }/' {} +
    ! grep -rnE '^ *optional ' "$out/proto" >&2 || die "an optional field is left in the protos above"
    mkdir -p "$out/gen"
    ( cd "$out/proto" && protoc-c -I. -I"$google" --c_out=../gen $(find . -name '*.proto' -printf '%P\n' |
        LC_ALL=C sort) google/protobuf/any.proto google/protobuf/empty.proto ) >&2
}

make_dir() {
    [ ! -f "$dir/done" ] || return 0
    say "third-party sources: fetching (once; they stay in $cache)"
    local new=$dir.new
    rm -rf "$new" && mkdir -p "$new" "$cache/downloads"
    run_logged "$cache/cargo-fetch.log" "fetching crates (tree-sitter)" \
        cargo fetch --locked --manifest-path third_party/crates/Cargo.toml
    run_logged "$cache/cargo-fetch.log" "fetching crates (engine)" \
        cargo fetch --locked --manifest-path engine/Cargo.toml
    fetch_nanoarrow
    unpack_nanoarrow "$new"
    copy_crates "$new"
    say "  generating C from the Substrait protos …"
    generate_substrait "$new"
    touch "$new/done"
    rm -rf "$dir" && mv "$new" "$dir"
}
with_lock "$cache/third_party.lock" make_dir
echo "$dir"
