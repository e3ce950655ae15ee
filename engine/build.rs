//! Hands the versions of the locked crates and of the compiler to base.rs, so that no version is written twice.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;

/// What pne_build_info() reports, by the name of the crate in Cargo.lock.
const REPORTED: [&str; 6] = ["arrow", "datafusion", "datafusion-substrait", "deltalake", "object_store", "substrait"];

fn main() {
    println!("cargo:rerun-if-changed=Cargo.lock");
    println!("cargo:rerun-if-changed=build.rs");
    let lock = std::fs::read_to_string("Cargo.lock").expect("Cargo.lock lies beside build.rs");
    let locked = locked_versions(&lock);
    for name in REPORTED {
        let version = locked.get(name).unwrap_or_else(|| panic!("{name} is not in Cargo.lock"));
        println!("cargo:rustc-env=PNE_{}={version}", name.to_uppercase().replace('-', "_"));
    }
    let rustc = std::env::var("RUSTC").expect("cargo sets RUSTC");
    let output = Command::new(rustc).arg("-V").output().expect("rustc answers -V");
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    println!("cargo:rustc-env=PNE_RUSTC={version}");
    let out_dir = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    println!("cargo:rustc-env=PNE_PROFILE={}", profile_of(&out_dir));
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rustc-env=PNE_SOURCES={:016x}", digest_of(&["Cargo.lock", "Cargo.toml", "build.rs", "src"]));
}

/// Tells builds of this crate apart: a digest of the names and bytes of all files, in order.
fn digest_of(roots: &[&str]) -> u64 {
    let mut open: Vec<PathBuf> = roots.iter().map(PathBuf::from).collect();
    let mut files = BTreeMap::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("a folder of the crate can be listed");
            open.extend(entries.map(|entry| entry.expect("a folder of the crate can be listed").path()));
        } else {
            let bytes = std::fs::read(&path).expect("a file of the crate can be read");
            files.insert(path, bytes);
        }
    }
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    hasher.finish()
}

/// Name and version of each `[[package]]`; the first one wins, none of the reported crates is locked twice.
fn locked_versions(lock: &str) -> BTreeMap<String, String> {
    let mut versions = BTreeMap::new();
    let mut name = String::new();
    for line in lock.lines() {
        if let Some(value) = line.strip_prefix("name = ") {
            name = value.trim_matches('"').to_owned();
        } else if let Some(value) = line.strip_prefix("version = ") {
            versions.entry(name.clone()).or_insert_with(|| value.trim_matches('"').to_owned());
        }
    }
    versions
}

/// OUT_DIR is <target>/<profile>/build/<crate>-<hash>/out; PROFILE itself knows only debug and release.
fn profile_of(out_dir: &str) -> String {
    let mut parts = out_dir.rsplit('/');
    parts.nth(3).unwrap_or("unknown").to_owned()
}
