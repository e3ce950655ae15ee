#!/usr/bin/env bash
# tools/engine.sh PRESET [quick|release]: makes sure the Rust library of this very source exists in the
# cache and writes its path and profile to build/PRESET/engine.path. Nothing is run when it is there.
#
# Two keys. The result is keyed by all that decides its bytes: crate sources, manifest, lock, rustc,
# profile, features. Cargo's target folder is keyed by rustc alone: cargo itself knows which crates a
# changed lock or manifest touches, so a version bump costs those crates and not a cold build.
. "$(dirname "$0")/lib.sh"
cd "$root"
preset=${1:?usage: tools/engine.sh PRESET [quick|release]}
profile=${2:-quick}
case $profile in
quick) features=(--features fault) ;;
release) features=() ;;
*) die "unknown engine profile '$profile'" "quick or release" 2 ;;
esac
stamp=build/$preset/engine.path
rustc_version=$(cd engine && rustc -Vv)
target=$(engine_target)

# The key of the sources as they are now.
key_now() {
    local files
    mapfile -t files < <(sources)
    { hash_of "${files[@]}"; printf '%s\n' "$rustc_version" "$profile" "${features[*]-}" \
        "${RUSTFLAGS-}"; } | sha256sum | cut -c1-16
}
sources() { printf '%s\n' engine/Cargo.toml engine/Cargo.lock; find engine/src engine/build.rs \
    engine/.cargo -type f 2>/dev/null | LC_ALL=C sort; }
key=$(key_now)
out=$cache/engine/out/$key/libpinion_engine.so

write_stamp() { # touches the stamp only when it changes: cmake reconfigures on its time
    mkdir -p "build/$preset"
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$out"$'\n'"$profile" ] ||
        printf '%s\n' "$out" "$profile" >"$stamp"
}
if [ -f "$out" ]; then touch -c "$(dirname "$out")"; write_stamp; exit 0; fi

# Results of 150 MB: beyond the eight used last those go that no checkout has asked for since a day.
prune() {
    ls -1dt "$cache"/engine/out/*/ | tail -n +9 |
        xargs -r -I @ find @ -maxdepth 0 -mmin +1440 -exec rm -rf {} +
}

# Shows "crates n/total": redrawn on a terminal, one line for every 20 crates otherwise.
progress() {
    local total=$1 done=0 line
    while IFS= read -r line; do
        case $line in *Compiling*) done=$((done + 1)) ;; *) continue ;; esac
        if [ -t 2 ]; then
            printf '\r\033[K  engine (%s): crates %d/%d %s' "$profile" "$done" "$total" \
                "$(awk '{print $2}' <<<"$line")" >&2
        elif [ $((done % 20)) -eq 0 ]; then
            say "  engine ($profile): crates $done/$total"
        fi
    done
    [ ! -t 2 ] || printf '\r\033[K' >&2
}

build() {
    [ ! -f "$out" ] || return 0
    local log=$cache/engine/build-$profile.log total code=0
    mkdir -p "$target" "$(dirname "$out")"
    total=$(grep -c '^\[\[package\]\]' engine/Cargo.lock)
    if [ -d "$target/$profile/deps" ]; then
        say "building the engine ($profile), what changed of $total crates; log: $log"
    else
        say "building the engine ($profile): $total crates, once; on 2 cores a quarter of an hour" \
            "(quick) or half an hour (release); log: $log"
    fi
    # Checkouts share the target folder, where a cdylib has no hash in its name: what another one left
    # there looks fresh to cargo.
    rm -f "$target/$profile/libpinion_engine.so" "$target/$profile/deps/libpinion_engine.so"
    (cd engine && CARGO_TARGET_DIR=$target CARGO_TERM_COLOR=never CARGO_TERM_PROGRESS_WHEN=never \
        cargo build --locked --profile "$profile" "${features[@]}" --jobs "$jobs" 2>&1) |
        tee "$log" | progress "$total" || code=$?
    if [ "$code" -ne 0 ]; then
        grep -nE -A12 '^error' "$log" | head -n 60 >&2 || true
        die "the engine does not build" "the whole log is in $log"
    fi
    # Somebody may have saved a file meanwhile: then cargo's result belongs to neither key for sure.
    [ "$(key_now)" = "$key" ] || { say "  the sources changed during the build: once more"; again=1; return; }
    cp "$target/$profile/libpinion_engine.so" "$out.$$" && mv "$out.$$" "$out"
    prune
    say "  engine ($profile): done, $(du -m "$out" | cut -f1) MB"
}
again=0
with_lock "$cache/engine/$(basename "$target").lock" build
[ "$again" = 0 ] || exec "$root/tools/engine.sh" "$preset" "$profile"
write_stamp
