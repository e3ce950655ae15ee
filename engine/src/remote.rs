//! Object stores: S3 and what speaks its protocol. Which options there are and which must be given is decided in C;
//! what comes in is a bucket, a key and option names that object_store knows.
//!
//! A store is kept per bucket and set of options, so that its connections are used again. Sessions and delta-rs know a
//! store by its URL only: the first set of options of a bucket has the URL s3://bucket, each further one a URL of its
//! own, so two datasets of one bucket may have different credentials.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::read_footer_length;
use arrow::ipc::root_as_footer;
use datafusion::arrow::datatypes::SchemaRef;
use deltalake::logstore::{
    LogStore, LogStoreFactory, ObjectStoreFactory, ObjectStoreRef, StorageConfig, default_logstore, logstore_factories,
    object_store_factories,
};
use deltalake::{DeltaResult, DeltaTableError};
use futures::TryStreamExt;
use futures::stream::StreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig,
};
use serde_json::{Value, json};
use url::Url;

use crate::cancel::{self, pne_cancel};
use crate::commits::Commits;
use crate::error::{Failure, Result, pne_error, status};
use crate::guard::guard_on;
use crate::session::pne_session;
use crate::view::{self, Fields, pne_sink};

pub type Options = BTreeMap<String, String>;

/// An object or prefix of a store.
pub struct Remote {
    pub store: Arc<dyn ObjectStore>,
    pub path: Path,
    /// Whether the URI ended in '/'.
    pub is_folder: bool,
    host: String,
}

struct Known {
    bucket: String,
    host: String,
    options: Options,
    store: Arc<dyn ObjectStore>,
}

static KNOWN: Mutex<Vec<Known>> = Mutex::new(Vec::new());

impl Remote {
    /// `place`: "bucket/key", the key as it is, without percent signs that stand for something else.
    pub fn open(place: &str, options: &Options) -> Result<Self> {
        let (bucket, key) = place.split_once('/').unwrap_or((place, ""));
        let path = Path::parse(key)
            .map_err(|error| Failure::new(status::INVALID, format!("'s3://{place}' is no location: {error}")))?;
        let (host, store) = known_store(bucket, options)?;
        Ok(Remote { store, path, is_folder: key.is_empty() || key.ends_with('/'), host })
    }

    pub fn root(&self) -> Result<Url> {
        let text = format!("s3://{}/", self.host);
        Url::parse(&text).map_err(|error| Failure::new(status::INVALID, format!("'{text}' is no URL: {error}")))
    }

    pub fn url(&self, folder: bool) -> Result<Url> {
        let mut url = self.root()?;
        let key = self.path.as_ref().replace('%', "%25");
        url.set_path(&if folder && !key.is_empty() { key + "/" } else { key });
        Ok(url)
    }

    /// Whether it is an object, and the objects: itself, or those below it, at most `limit` of them and sorted.
    pub async fn list(&self, limit: usize) -> Result<(bool, Vec<ObjectMeta>)> {
        let below = self.store.list(Some(&self.path));
        let listed = below.take(limit.saturating_add(1)).try_collect::<Vec<_>>().await;
        let mut objects = match listed {
            Ok(objects) => objects,
            // Who may read an object may not be allowed to list its bucket.
            Err(error) => match self.store.head(&self.path).await {
                Ok(object) => return Ok((true, vec![object])),
                Err(_) => return Err(error.into()),
            },
        };
        // The mark of a folder, an empty object with its name, is no content.
        objects.retain(|object| object.location != self.path);
        objects.truncate(limit);
        objects.sort_by(|a, b| a.location.cmp(&b.location));
        if !objects.is_empty() || self.is_folder {
            return Ok((false, objects));
        }
        match self.store.head(&self.path).await {
            Ok(object) => Ok((true, vec![object])),
            Err(Error::NotFound { .. }) => Ok((false, objects)),
            Err(error) => Err(error.into()),
        }
    }

    /// The schema of an Arrow file, by its footer; None for the stream format. DataFusion looks for it behind a head of
    /// eight bytes, and arrow's own writer makes one of 64.
    pub async fn arrow_schema(&self) -> Result<Option<SchemaRef>> {
        let tail = async |bytes| {
            let options = GetOptions { range: Some(GetRange::Suffix(bytes)), ..Default::default() };
            self.store.get_opts(&self.path, options).await?.bytes().await
        };
        let end = tail(10).await?;
        let Some(length) = end.as_ref().try_into().ok().and_then(|end| read_footer_length(end).ok()) else {
            return Ok(None);
        };
        let footer = tail(length as u64 + 10).await?;
        let schema = footer.get(..length).and_then(|footer| root_as_footer(footer).ok()?.schema());
        let damaged = || Failure::new(status::CORRUPT, format!("the footer of '{}' is damaged", self.path));
        schema.map(|schema| Some(Arc::new(fb_to_schema(schema)))).ok_or_else(damaged)
    }

    /// What stands of an object's key behind this prefix.
    pub fn relative(&self, object: &Path) -> String {
        let parts = object.prefix_match(&self.path).into_iter().flatten();
        parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/")
    }

    /// The key of a name below this prefix.
    pub fn below(&self, name: &std::path::Path) -> Result<Path> {
        let key = format!("{}/{}", self.path, name.display());
        Path::parse(&key).map_err(|error| Failure::new(status::INVALID, format!("'{key}' is no location: {error}")))
    }

    /// Whether the store refuses to create an object that is there, on which every commit of a Delta table rests.
    async fn enforces_conditions(&self) -> Result<bool> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let path = self.path.clone().join("_pinion_probe");
        // No two are equal: who finds its own bytes there takes itself for the creator (commits.rs).
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let create = || {
            let n = COUNTER.fetch_add(1, Ordering::Relaxed);
            let text = format!("{}.{since}.{n}", std::process::id());
            self.store.put_opts(&path, PutPayload::from(text.into_bytes()), PutMode::Create.into())
        };
        match create().await {
            Ok(_) => {}
            Err(Error::AlreadyExists { .. }) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
        let second = create().await;
        // Without the right to delete the object stays; it is no data, and the next probe finds it.
        drop(self.store.delete(&path).await);
        match second {
            Ok(_) => Ok(false),
            Err(Error::AlreadyExists { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

fn known_store(bucket: &str, options: &Options) -> Result<(String, Arc<dyn ObjectStore>)> {
    static FACTORIES: Once = Once::new();
    FACTORIES.call_once(|| {
        let scheme = Url::parse("s3://").expect("it is a URL");
        object_store_factories().insert(scheme.clone(), Arc::new(Factory));
        logstore_factories().insert(scheme, Arc::new(Factory));
    });
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.iter().find(|known| known.bucket == bucket && known.options == *options) {
        return Ok((found.host.clone(), Arc::clone(&found.store)));
    }
    let others = known.iter().filter(|known| known.bucket == bucket).count();
    let host = if others == 0 { bucket.to_owned() } else { format!("{bucket}~{others}") };
    let store = build(bucket, options)?;
    let entry = Known { bucket: bucket.to_owned(), host: host.clone(), options: options.clone(), store };
    let store = Arc::clone(&entry.store);
    known.push(entry);
    Ok((host, store))
}

fn build(bucket: &str, options: &Options) -> Result<Arc<dyn ObjectStore>> {
    let wrong = |key: &str| Failure::new(status::INVALID, format!("storage option '{key}' has a wrong value"));
    let mut retry = RetryConfig::default();
    let mut builder = AmazonS3Builder::new().with_bucket_name(bucket);
    for (key, value) in options {
        match key.as_str() {
            "max_retries" => retry.max_retries = value.parse().map_err(|_| wrong(key))?,
            "retry_timeout" => retry.retry_timeout = Duration::from_secs(value.parse().map_err(|_| wrong(key))?),
            _ => builder = builder.with_config(key.parse()?, value),
        }
    }
    Ok(Arc::new(Commits(builder.with_retry(retry).build()?)))
}

/// Gives delta-rs the store that was opened for a URL.
struct Factory;

impl ObjectStoreFactory for Factory {
    fn parse_url_opts(&self, url: &Url, _: &StorageConfig) -> DeltaResult<(ObjectStoreRef, Path)> {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        match known.iter().find(|known| url.host_str() == Some(&known.host)) {
            Some(found) => Ok((Arc::clone(&found.store), Path::from_url_path(url.path())?)),
            None => Err(DeltaTableError::InvalidTableLocation(url.to_string())),
        }
    }
}

impl LogStoreFactory for Factory {
    fn with_options(
        &self,
        prefixed_store: ObjectStoreRef,
        root_store: ObjectStoreRef,
        location: &Url,
        options: &StorageConfig,
    ) -> DeltaResult<Arc<dyn LogStore>> {
        Ok(default_logstore(prefixed_store, root_store, location, options))
    }
}

async fn run(operation: String, remote: Remote, limit: usize) -> Result<Value> {
    if operation == "probe" {
        return Ok(json!({"conditional_put": remote.enforces_conditions().await?}));
    }
    let (is_object, objects) = remote.list(limit).await?;
    let describe = |object: ObjectMeta| {
        let path = if is_object {
            object.location.filename().unwrap_or_default().to_owned()
        } else {
            remote.relative(&object.location)
        };
        json!({"etag": object.e_tag, "path": path, "size": object.size.to_string()})
    };
    Ok(json!({"is_object": is_object, "objects": objects.into_iter().map(describe).collect::<Vec<_>>()}))
}

/// Asks an object store something.
///
/// `request_json`: {"operation":"list|probe", "uri":"s3://bucket/key", "storage_options":{}, "limit":"n"}. list gives
/// JSON {"is_object":bool, "objects":[{"path":relative to the uri, "size":text, "etag"} sorted by path]}, at most
/// "limit" of them; nothing there is an empty list. probe writes and removes an object and gives {"conditional_put":
/// whether the store refuses to create what exists}. `cancel` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_store_run(
    session: *const pne_session,
    request_json: *const c_char,
    cancel: *const pne_cancel,
    sink: pne_sink,
    ctx: *mut c_void,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes NUL-terminated text, and NULL or a live token.
        let (request, cancel) =
            unsafe { (view::json_object(request_json, "store request")?, cancel::optional(cancel)?) };
        let mut request = Fields::new(request, "store request");
        let (operation, uri) = (request.required("operation")?, request.required("uri")?);
        let (options, limit) = (request.texts("storage_options")?, request.number("limit")?.unwrap_or(u64::MAX));
        request.finish()?;
        let place = uri.strip_prefix("s3://");
        let (true, Some(place)) = (["list", "probe"].contains(&operation.as_str()), place) else {
            let text =
                format!("unknown operation '{operation}' or location '{uri}'; there are list and probe of s3://");
            return Err(Failure::new(status::INVALID, text));
        };
        let remote = Remote::open(place, &options)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let report = session.content.engine().run_deep(cancel, move || run(operation, remote, limit))?;
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit_json(sink, ctx, report) }
    })
}
