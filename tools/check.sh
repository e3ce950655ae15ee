#!/usr/bin/env bash
# make check: every rule that a machine can hold, then all suites under ASan and UBSan. Runs all of it
# and fails at the end, so that one run shows everything.
. "$(dirname "$0")/lib.sh"
cd "$root"
failed=()
step() { say "== $1"; shift; "$@" || failed+=("$*"); }
tools/setup.sh check
tools/engine.sh dev quick
tools/build.sh dev
step "format" tools/fmt.sh --check
step "source rules" tools/checksrc
step "layers" tools/check-layers
step "documentation" tools/check-docs
step "specification map" tools/check-spec-map
step "clang-tidy" tools/lint.sh
step "rustfmt and clippy" tools/clippy.sh
step "interfaces" tools/check-abi --build build/dev
step "suites under ASan and UBSan" tools/test.sh dev
if [ "${#failed[@]}" -gt 0 ]; then
    printf 'failed: %s\n' "${failed[@]}"
    exit 1
fi
echo "check: all clean"
