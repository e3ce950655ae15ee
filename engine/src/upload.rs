//! Writing files to an object store: made in a local folder first, then sent one by one under names that are free, so
//! that what was there stays until all of the new is there. An object appears whole or not at all; a folder of them
//! does not, so a reader in between may see old and new together: Delta is for that.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::cancel;
use crate::engine::join_failure;
use crate::error::{Failure, Result, status};
use crate::plan::Plan;
use crate::remote::Remote;
use crate::write::{Mode, Request, report};
use crate::write_files::{Scratch, io_failure, is_single, make, may_replace, name_parts, refuse_foreign};

/// What is sent at a time; a smaller file is one request.
const PART_BYTES: usize = 8 << 20;
const PARTS_AT_ONCE: usize = 4;

pub async fn write(plan: &Plan, request: &Request, remote: Remote) -> Result<Value> {
    let (is_object, there) = remote.list(usize::MAX).await?;
    let has_ending = !remote.is_folder && remote.path.extension().is_some();
    let single = is_single(request, !is_object && !there.is_empty(), has_ending);
    let names: BTreeSet<PathBuf> = there.iter().map(|object| remote.relative(&object.location).into()).collect();
    if !there.is_empty() {
        if !may_replace(request, single)? {
            return Ok(report(0, None, Some(0), Some(0)));
        }
        if single != is_object {
            let (is, wanted) = if is_object { ("an object", "a folder") } else { ("a folder", "an object") };
            return Err(Failure::new(status::INVALID, format!("'{}' is {is}, not {wanted}", request.uri)));
        }
        if request.mode == Mode::Overwrite && !single {
            refuse_foreign(names.iter().map(PathBuf::as_path), request)?;
        }
    }
    let scratch = scratch(request)?;
    let (rows, parts) = make(plan, request, single, &scratch).await?;
    let keys = if single {
        vec![remote.path.clone()]
    } else {
        let names = name_parts(&parts, &scratch.0, |name| names.contains(name));
        names.iter().map(|name| remote.below(name)).collect::<Result<_>>()?
    };
    let mut sent = Sent { store: Arc::clone(&remote.store), keys: Vec::new() };
    let mut bytes = 0;
    for (part, key) in parts.iter().zip(keys) {
        // An object that is replaced is not removed when a later step fails: it is the only one.
        if !single {
            sent.keys.push(key.clone());
        }
        bytes += send(&remote.store, part, &key).await.map_err(|failure| failure.context(&format!("'{key}'")))?;
    }
    sent.keys.clear();
    if request.mode == Mode::Overwrite && !single {
        let old = stream::iter(there.into_iter().map(|object| Ok(object.location))).boxed();
        remote.store.delete_stream(old).try_collect::<Vec<_>>().await?;
    }
    Ok(report(rows, None, Some(parts.len() as u64), Some(bytes)))
}

fn scratch(request: &Request) -> Result<Scratch> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let Some(folder) = &request.scratch_dir else {
        return Err(Failure::new(status::INVALID, "'scratch_dir' is missing in the write request"));
    };
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(folder);
    std::fs::create_dir_all(folder).map_err(|e| io_failure("create the folder", folder, &e))?;
    Ok(Scratch(folder.join(format!("pinion-upload-{}-{n}", std::process::id()))))
}

/// Sends a file; this thread is the write's own, so it may wait for the disk.
async fn send(store: &Arc<dyn ObjectStore>, file: &Path, key: &Key) -> Result<u64> {
    let unreadable = |error: std::io::Error| io_failure("read", file, &error);
    let mut open = std::fs::File::open(file).map_err(unreadable)?;
    let size = open.metadata().map_err(unreadable)?.len();
    if size <= PART_BYTES as u64 {
        let mut whole = Vec::with_capacity(size as usize);
        open.read_to_end(&mut whole).map_err(unreadable)?;
        store.put(key, whole.into()).await?;
        return Ok(size);
    }
    let mut parts = Parts { upload: Some(store.put_multipart(key).await?), on_their_way: JoinSet::new() };
    loop {
        let mut part = Vec::with_capacity(PART_BYTES);
        open.by_ref().take(PART_BYTES as u64).read_to_end(&mut part).map_err(unreadable)?;
        if part.is_empty() {
            parts.finish().await?;
            return Ok(size);
        }
        parts.put(part).await?;
    }
}

/// An object that is sent in parts. One that does not become whole is called off, or its parts would stay in the bucket
/// where no listing shows them.
struct Parts {
    /// None when it is whole.
    upload: Option<Box<dyn MultipartUpload>>,
    on_their_way: JoinSet<object_store::Result<()>>,
}

impl Parts {
    async fn wait_for_all_but(&mut self, n: usize) -> Result<()> {
        while self.on_their_way.len() > n
            && let Some(done) = self.on_their_way.join_next().await
        {
            done.map_err(join_failure)??;
        }
        Ok(())
    }

    async fn put(&mut self, part: Vec<u8>) -> Result<()> {
        if let Some(upload) = &mut self.upload {
            self.on_their_way.spawn(upload.put_part(part.into()));
        }
        self.wait_for_all_but(PARTS_AT_ONCE - 1).await
    }

    async fn finish(&mut self) -> Result<()> {
        self.wait_for_all_but(0).await?;
        if let Some(upload) = &mut self.upload {
            upload.complete().await?;
        }
        self.upload = None;
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        let Some(mut upload) = self.upload.take() else { return };
        let mut on_their_way = std::mem::take(&mut self.on_their_way);
        let removing = tokio::spawn(async move {
            on_their_way.shutdown().await;
            upload.abort().await
        });
        cancel::settle(|| removing.is_finished());
    }
}

/// Removes what was sent of a dataset that did not become whole.
struct Sent {
    store: Arc<dyn ObjectStore>,
    keys: Vec<Key>,
}

impl Drop for Sent {
    fn drop(&mut self) {
        if self.keys.is_empty() {
            return;
        }
        let (store, keys) = (Arc::clone(&self.store), std::mem::take(&mut self.keys));
        let removing = tokio::spawn(async move {
            let keys = stream::iter(keys.into_iter().map(Ok)).boxed();
            store.delete_stream(keys).for_each(|_| async {}).await;
        });
        cancel::settle(|| removing.is_finished());
    }
}
