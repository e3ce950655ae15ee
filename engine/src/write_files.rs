//! Writing files: into a hidden sibling first, renamed on success, so that a reader never sees half a dataset.
//!
//! The engine names parts at random; they are renamed to part-00000, part-00001, … in the order it numbered them, so
//! the same rows written in the same order give the same names.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::array::{Array, UInt64Array};
use datafusion::datasource::file_format::format_as_file_type;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::collect;
use serde_json::Value;
use url::Url;

use crate::cancel::{self, Stopped};
use crate::error::{Failure, Result, status};
use crate::plan::Plan;
use crate::write::{Mode, Request, exists_failure, report};

/// Removes what is left of an unfinished write.
pub struct Scratch(pub PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // The tasks of a query that was cancelled may still make a file; a leftover is hidden and harmless.
        cancel::settle(|| {
            drop(std::fs::remove_file(&self.0).or_else(|_| std::fs::remove_dir_all(&self.0)));
            !self.0.exists()
        });
    }
}

fn sibling(target: &Path, kind: &str) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    target.with_file_name(format!(".{name}.{kind}-{}-{n}", std::process::id()))
}

pub fn io_failure(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    let text = format!("cannot {what} '{}': {error}", path.display());
    let os_errno = error.raw_os_error().unwrap_or(0);
    Failure { os_errno, ..Failure::new(status::IO, text) }
}

pub async fn write(plan: &Plan, request: &Request, target: PathBuf) -> Result<Value> {
    let single = is_single(request, target.is_dir(), target.extension().is_some());
    if target.exists() {
        if !may_replace(request, single)? {
            return Ok(report(0, None, Some(0), Some(0)));
        }
        if request.mode == Mode::Overwrite && !single && target.is_dir() {
            refuse_foreign(parts_of(&target)?.iter().map(|file| file.as_path()), request)?;
        }
    }
    let parent = target.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(parent).map_err(|e| io_failure("create the folder", parent, &e))?;
    let scratch = Scratch(sibling(&target, "partial"));
    let (rows, parts) = make(plan, request, single, &scratch).await?;
    if single {
        let bytes = sync(&parts[0])?;
        rename(&parts[0], &target)?;
        return Ok(report(rows, None, Some(1), Some(bytes)));
    }
    let append = request.mode == Mode::Append && target.exists();
    let names = name_parts(&parts, &scratch.0, |name| append && target.join(name).exists());
    let mut bytes = 0;
    for (part, name) in parts.iter().zip(names) {
        let named = if append { target.join(name) } else { scratch.0.join(name) };
        let folder = named.parent().unwrap_or(&target);
        std::fs::create_dir_all(folder).map_err(|e| io_failure("create the folder", folder, &e))?;
        bytes += sync(part)?;
        rename(part, &named)?;
    }
    if !append {
        replace_folder(&scratch.0, &target)?;
    }
    Ok(report(rows, None, Some(parts.len() as u64), Some(bytes)))
}

/// Whether one file is asked for: it is said, or the name has an ending and is that of no folder.
pub fn is_single(request: &Request, is_folder: bool, has_ending: bool) -> bool {
    request.single_file.unwrap_or(request.partition_by.is_empty() && !is_folder && has_ending)
}

/// What the mode says of something that is there: false to leave it alone.
pub fn may_replace(request: &Request, single: bool) -> Result<bool> {
    match request.mode {
        Mode::Error => Err(exists_failure(&request.uri)),
        Mode::Ignore => Ok(false),
        Mode::Append if single => {
            let text = format!("cannot append to the single file '{}'", request.uri);
            Err(Failure::new(status::UNSUPPORTED, text).with_hint("write a folder, or overwrite"))
        }
        Mode::Append | Mode::Overwrite => Ok(true),
    }
}

/// Runs the plan into a new folder; gives the number of rows and the files as the engine named them, in order.
pub async fn make(plan: &Plan, request: &Request, single: bool, scratch: &Scratch) -> Result<(u64, Vec<PathBuf>)> {
    let state = plan.state();
    std::fs::create_dir(&scratch.0).map_err(|e| io_failure("create the folder", &scratch.0, &e))?;
    if single {
        let file = scratch.0.join(format!("whole.{}", request.format));
        let rows = copy(&state, plan.logical().clone(), request, &file, true).await?;
        return Ok((rows, vec![file]));
    }
    let rows = copy(&state, plan.logical().clone(), request, &scratch.0, false).await?;
    let mut parts = parts_of(&scratch.0)?;
    if parts.is_empty() {
        // A folder without a file has no schema; one empty file keeps it.
        let empty = LogicalPlanBuilder::from(plan.logical().clone()).limit(0, Some(0))?.build()?;
        let file = scratch.0.join(format!("none_0.{}", request.format));
        copy(&state, empty, request, &file, true).await?;
        parts.push(file);
    }
    Ok((rows, parts))
}

/// Runs COPY and gives the number of rows.
async fn copy(state: &SessionState, input: LogicalPlan, request: &Request, target: &Path, single: bool) -> Result<u64> {
    let Some(factory) = state.get_file_format_factory(&request.format) else {
        let text = format!("unknown format '{}'; there are arrow, csv, delta, json and parquet", request.format);
        return Err(Failure::new(status::INVALID, text));
    };
    let mut options = HashMap::from([("single_file_output".to_owned(), single.to_string())]);
    if request.format == "parquet" {
        options.insert("format.compression".to_owned(), "zstd(3)".to_owned());
    }
    for (key, value) in &request.options {
        let Some(value) = value else { continue };
        let none = key == "compression" && value == "none";
        options.insert(format!("format.{key}"), if none { "uncompressed".into() } else { value.clone() });
    }
    let url = if single { Url::from_file_path(target) } else { Url::from_directory_path(target) };
    let url =
        url.map_err(|()| Failure::new(status::INVALID, format!("'{}' cannot be written as a URL", target.display())))?;
    let file_type = format_as_file_type(factory);
    let partition_by = if single { Vec::new() } else { request.partition_by.clone() };
    let plan = LogicalPlanBuilder::copy_to(input, url.to_string(), file_type, options, partition_by)?.build()?;
    let physical = state.create_physical_plan(&plan).await.map_err(|error| {
        let failure = Failure::from(error);
        let wrong_option = failure.detail.contains("Configuration") || failure.message.contains("onfig value");
        let code = if wrong_option { status::INVALID } else { failure.status };
        Failure { status: code, ..failure }.context(&format!("writing '{}'", request.uri))
    })?;
    let task_context = state.task_ctx();
    let run = tokio::spawn(async move { collect(physical, task_context).await });
    let _stopped = Stopped(run.abort_handle());
    let counts = run
        .await
        .map_err(crate::engine::join_failure)?
        .map_err(|error| Failure::from(error).context(&format!("writing '{}'", request.uri)))?;
    let column = counts.first().and_then(|batch| batch.columns().first().cloned());
    let count = column.as_ref().and_then(|column| column.as_any().downcast_ref::<UInt64Array>());
    Ok(count.filter(|count| !count.is_empty()).map_or(0, |count| count.value(0)))
}

/// All files below a folder, sorted by the folder and the number the engine gave.
fn parts_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|e| io_failure("list the folder", &folder, &e))?;
        for entry in entries {
            let path = entry.map_err(|e| io_failure("list the folder", &folder, &e))?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort_by_key(|file| (file.parent().map(Path::to_owned), part_number(file), file.clone()));
    Ok(files)
}

/// The n of "<random>_<n>.<extension>"; 0 without one.
fn part_number(file: &Path) -> u64 {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    stem.rsplit_once('_').and_then(|(_, n)| n.parse().ok()).unwrap_or(0)
}

/// The names of the parts, below the dataset: part-<n>.<ending> in each folder, leaving out what is taken.
pub fn name_parts(parts: &[PathBuf], scratch: &Path, is_taken: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut next: HashMap<&Path, u64> = HashMap::new();
    let mut names = Vec::with_capacity(parts.len());
    for part in parts {
        let folder = part.strip_prefix(scratch).unwrap_or(part).parent().unwrap_or(Path::new(""));
        let name = part.file_name().unwrap_or_default().to_string_lossy();
        let ending = name.split_once('.').map_or("", |(_, ending)| ending);
        let n = next.entry(folder).or_insert(0);
        names.push(loop {
            let named = folder.join(format!("part-{n:05}.{ending}"));
            *n += 1;
            if !is_taken(&named) {
                break named;
            }
        });
    }
    names
}

/// Puts the new folder in the place of the old one.
fn replace_folder(new: &Path, target: &Path) -> Result<()> {
    if !target.exists() {
        return rename(new, target);
    }
    let old = Scratch(sibling(target, "replaced"));
    rename(target, &old.0)?;
    rename(new, target).inspect_err(|_| {
        // The old dataset goes back; if even that fails it stays beside, and the error names both.
        drop(std::fs::rename(&old.0, target));
    })
}

/// A folder is replaced only when it holds nothing but such a dataset.
pub fn refuse_foreign<'a>(files: impl Iterator<Item = &'a Path>, request: &Request) -> Result<()> {
    let belongs = |file: &Path| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(['.', '_']) || name.split('.').skip(1).any(|part| part == request.format)
    };
    match files.into_iter().find(|file| !belongs(file)) {
        None => Ok(()),
        Some(file) => {
            let text = format!("'{}' is not replaced: '{}' is not {}", request.uri, file.display(), request.format);
            Err(Failure::new(status::INVALID, text).with_hint("remove the folder by hand if it is the right one"))
        }
    }
}

/// Forces a file to disk and gives its size.
fn sync(file: &Path) -> Result<u64> {
    let sized = std::fs::File::open(file).and_then(|open| {
        open.sync_all()?;
        Ok(open.metadata()?.len())
    });
    sized.map_err(|e| io_failure("write", file, &e))
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).map_err(|e| io_failure("put in place", to, &e))
}
