//! A store that knows its own creations. A store may fail after it has kept an object; asked again, it says that the
//! object exists. For a commit of a Delta table that would pass for another writer's, and the rows would be committed
//! twice. So what exists is looked at: when it is what was to be created, it was created.

use std::fmt;

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

#[derive(Debug)]
pub struct Commits(pub AmazonS3);

impl fmt::Display for Commits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Commits {
    async fn is_there(&self, location: &Path, payload: &PutPayload) -> Result<Option<PutResult>> {
        let found = self.0.get(location).await?;
        let (e_tag, version) = (found.meta.e_tag.clone(), found.meta.version.clone());
        if found.meta.size != payload.content_length() as u64 {
            return Ok(None);
        }
        let theirs = found.bytes().await?;
        let is_same = payload.iter().flatten().eq(theirs.iter());
        Ok(is_same.then_some(PutResult { e_tag, version }))
    }
}

#[async_trait]
impl ObjectStore for Commits {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let creates = options.mode == PutMode::Create;
        let put = self.0.put_opts(location, payload.clone(), options).await;
        if creates
            && let Err(Error::AlreadyExists { .. }) = put
            && let Ok(Some(ours)) = self.is_there(location, &payload).await
        {
            return Ok(ours);
        }
        put
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}
