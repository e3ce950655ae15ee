#!/usr/bin/env bash
# tools/setup.sh [check]: installs what is missing, once. Plain: what building, demo and tests need;
# `check` adds formatter, linter and fuzzer. Offline and under a second when nothing is missing.
. "$(dirname "$0")/lib.sh"
cd "$root"
want=${1:-build}

# python3-dev: pip reads a source archive's metadata by its build system, which looks for Python.h.
packages=(build-essential cmake ninja-build pkg-config protobuf-compiler protobuf-c-compiler
    libprotobuf-c-dev libprotobuf-dev libssl-dev libb2-dev libjansson-dev libyaml-dev
    libutf8proc-dev python3 python3-dev python3-venv)
[ "$want" != check ] || packages+=(clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev)

# missing_packages: those that dpkg does not report as installed.
missing_packages() {
    local state
    state=$(dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package}\n' 2>/dev/null |
        awk '$1=="ii" {sub(/:.*/, "", $2); print $2}')
    comm -23 <(printf '%s\n' "${packages[@]}" | sort -u) <(sort -u <<<"$state")
}

install_packages() {
    local missing=("$@") as_root=()
    command -v apt-get >/dev/null ||
        die "missing: ${missing[*]}" "this is not Debian or Ubuntu: install their equivalents" 2
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n); else
            say "These packages are missing. Install them with:"
            say "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
            exit 2
        fi
    fi
    say "installing ${#missing[@]} packages: ${missing[*]}"
    mkdir -p "$cache"
    run_logged "$cache/apt.log" "apt-get update" "${as_root[@]}" apt-get update -q
    run_logged "$cache/apt.log" "apt-get install" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}"
}

# rust_command VERSION: the exact command that brings cargo and rustc to this machine.
rust_command() {
    if command -v rustup >/dev/null; then echo "rustup default $1"
    elif apt-cache show rustup >/dev/null 2>&1; then
        echo "sudo apt-get install -y --no-install-recommends rustup && rustup default $1"
    else
        echo "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |" \
            "sh -s -- -y --profile minimal --default-toolchain $1 && . ~/.cargo/env"
    fi
}
check_rust() {
    local need have
    need=$(awk '$1=="rustc" {print $2}' tools/VERSIONS)
    command -v cargo >/dev/null && command -v rustc >/dev/null ||
        die "cargo and rustc are missing" "$(rust_command "$need")" 2
    have=$(cd engine && rustc -V | awk '{sub(/-.*/, "", $2); print $2}')
    [ "$(printf '%s\n' "$need" "$have" | sort -V | head -n 1)" = "$need" ] ||
        die "rustc $have is older than $need" \
            "rustup toolchain install $need && rustup override set $need" 2
}

# The venv of tests/requirements.txt, made when a suite in Python imports one of its packages; the
# folder's name is the file's digest.
test_venv() {
    local wanted
    wanted=$(sed -nE 's/^([a-z0-9_-]+)==.*/\1/p' tests/requirements.txt | tr - _ | paste -sd '|')
    grep -qsE "^ *(import|from) ($wanted)\b" tests/*/*.py || return 0
    local dir
    dir=$cache/venv-$({ cat tests/requirements.txt; python3 -V; } | sha256sum | cut -c1-12)
    [ -f "$dir/done" ] || with_lock "$cache/venv.lock" make_venv "$dir"
    # The same words each time leave the file alone: cmake reconfigures on its time.
    mkdir -p "$cache" && { [ "$(cat "$cache/python.path" 2>/dev/null)" = "$dir/bin/python" ] ||
        echo "$dir/bin/python" >"$cache/python.path"; }
}
make_venv() {
    [ ! -f "$1/done" ] || return 0
    run_logged "$cache/venv.log" "making the tests' Python environment" python3 -m venv --clear "$1"
    run_logged "$cache/venv.log" "installing $(grep -c '^[a-z]' tests/requirements.txt) Python packages" \
        "$1/bin/pip" install --require-hashes --only-binary :all: -r tests/requirements.txt
    touch "$1/done"
}

# The engine's own tests as data: cargo unpacks a crate that it is asked about; the suite checks its hash.
sqllogictest() {
    local version=55.2.0
    [ -f tests/roundtrip/test_sqllogictest.py ] || return 0
    mkdir -p "$cache"
    compgen -G "${CARGO_HOME:-$HOME/.cargo}/registry/cache/*/datafusion-sqllogictest-$version.crate" >/dev/null ||
        run_logged "$cache/sqllogictest.log" "fetching the engine's sqllogictest files" \
            cargo info -q "datafusion-sqllogictest@$version"
}

mapfile -t missing < <(missing_packages)
[ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}"
check_rust
tools/third_party.sh >/dev/null
test_venv
sqllogictest
