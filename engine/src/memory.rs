//! Runtime settings of a session: its memory, and where it spills.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use datafusion::error::Result as DfResult;
use datafusion::execution::disk_manager::{DiskManager, DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryPool, TrackConsumersPool, UnboundedMemoryPool,
};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::spill_file::{SpillFile, TempFileFactory};

use crate::error::{Failure, Result, status};
use crate::view::Fields;

/// How many of the largest consumers an out-of-memory error names.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::new(5).unwrap();

/// What the key "runtime" of the session settings asks for.
pub fn runtime_env(mut settings: Fields<'_>) -> Result<Arc<RuntimeEnv>> {
    let limit = settings.number("memory_limit_bytes")?;
    let kind = settings.string("memory_pool")?;
    let spill_dir = settings.string("spill_dir")?;
    let max_spill_bytes = settings.number("max_spill_bytes")?;
    let metadata_cache_bytes = settings.number("metadata_cache_bytes")?;
    settings.finish()?;

    let pool = memory_pool(kind.as_deref(), limit.map(|n| n as usize))?;
    let mut disk = DiskManagerBuilder::default();
    if let Some(bytes) = max_spill_bytes {
        disk.set_max_temp_directory_size(bytes);
    }
    if let Some(folder) = spill_dir {
        let inner = OnceLock::new();
        let lazy = LazySpill { folder: folder.into(), max_spill_bytes, inner };
        disk.set_mode(DiskManagerMode::Custom(Arc::new(lazy)));
    }
    // A cached listing would hide files that were written since.
    let mut builder =
        RuntimeEnvBuilder::new().with_memory_pool(pool).with_disk_manager_builder(disk).with_object_list_cache_limit(0);
    if let Some(bytes) = metadata_cache_bytes {
        builder = builder.with_metadata_cache_limit(bytes as usize);
    }
    Ok(builder.build_arc()?)
}

fn memory_pool(kind: Option<&str>, limit: Option<usize>) -> Result<Arc<dyn MemoryPool>> {
    match (kind, limit) {
        (Some("unbounded"), _) | (None, None) => Ok(Arc::new(UnboundedMemoryPool::default())),
        (Some("greedy"), Some(bytes)) => {
            Ok(Arc::new(TrackConsumersPool::new(GreedyMemoryPool::new(bytes), NAMED_CONSUMERS)))
        }
        (Some("fair") | None, Some(bytes)) => {
            Ok(Arc::new(TrackConsumersPool::new(FairSpillPool::new(bytes), NAMED_CONSUMERS)))
        }
        (Some("greedy" | "fair"), None) => Err(Failure::new(
            status::INVALID,
            "'memory_limit_bytes' is missing in the runtime settings; a bounded memory pool needs it",
        )),
        (Some(other), _) => {
            let text = format!("unknown memory pool '{other}'; there are greedy, fair and unbounded");
            Err(Failure::new(status::INVALID, text))
        }
    }
}

/// Makes the spill folder when something spills, not when the session opens.
struct LazySpill {
    folder: PathBuf,
    max_spill_bytes: Option<u64>,
    inner: OnceLock<Arc<DiskManager>>,
}

impl TempFileFactory for LazySpill {
    fn create_temp_file(&self, description: &str) -> DfResult<Arc<dyn SpillFile>> {
        if self.inner.get().is_none() {
            std::fs::create_dir_all(&self.folder)?;
            let mut builder =
                DiskManagerBuilder::default().with_mode(DiskManagerMode::Directories(vec![self.folder.clone()]));
            if let Some(bytes) = self.max_spill_bytes {
                builder.set_max_temp_directory_size(bytes);
            }
            // Of two threads that get here at once, one manager is dropped again, with its empty folder.
            drop(self.inner.set(Arc::new(builder.build()?)));
        }
        let manager = self.inner.get().expect("it was set above");
        manager.create_tmp_file(description)
    }
}
