//! Locations: absolute paths, file:// URLs, and s3://bucket/key with the options of its store.

use std::path::{Path, PathBuf};

use datafusion::execution::context::SessionState;
use url::Url;

use crate::error::{Failure, Result, status};
use crate::remote::{Options, Remote};

/// A file or folder on this machine, or an object or prefix of a store.
pub enum Location {
    Local(PathBuf),
    Remote(Remote),
}

impl Location {
    /// UNSUPPORTED: the URL of a store that is not known. INVALID: neither an absolute path nor a URL.
    pub fn parse(uri: &str, options: &Options) -> Result<Self> {
        let path = Path::new(uri);
        if path.is_absolute() {
            return Ok(Location::Local(path.to_owned()));
        }
        if let Some(place) = uri.strip_prefix("s3://") {
            return Ok(Location::Remote(Remote::open(place, options)?));
        }
        let invalid = || Failure::new(status::INVALID, format!("'{uri}' is neither an absolute path nor a URL"));
        let url = Url::parse(uri).map_err(|_| invalid())?;
        if url.scheme() != "file" {
            let text = format!("'{uri}': this build has no store for {}://", url.scheme());
            return Err(Failure::new(status::UNSUPPORTED, text).with_hint("copy the data to a local folder or to S3"));
        }
        url.to_file_path().map(Location::Local).map_err(|()| invalid())
    }

    /// The URL; a folder's ends in '/'.
    pub fn url(&self, folder: bool) -> Result<Url> {
        let path = match self {
            Location::Local(path) => path,
            Location::Remote(remote) => return remote.url(folder),
        };
        let made = if folder { Url::from_directory_path(path) } else { Url::from_file_path(path) };
        made.map_err(|()| Failure::new(status::INVALID, format!("'{}' cannot be written as a URL", path.display())))
    }

    pub fn is_folder(&self) -> bool {
        match self {
            Location::Local(path) => path.is_dir(),
            Location::Remote(remote) => remote.is_folder,
        }
    }

    /// Lets scans and writes of a session find the store behind the URL.
    pub fn register(&self, state: &SessionState) -> Result<()> {
        if let Location::Remote(remote) = self {
            let root = remote.root()?;
            state.runtime_env().register_object_store(&root, remote.store.clone());
        }
        Ok(())
    }

    /// NOT_FOUND when nothing is there. Stores are not asked: what is read of them was listed before.
    pub fn must_exist(&self) -> Result<()> {
        let Location::Local(path) = self else { return Ok(()) };
        let Err(error) = std::fs::metadata(path) else { return Ok(()) };
        let text = format!("cannot read '{}': {error}", path.display());
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => status::NOT_FOUND,
            _ => status::IO,
        };
        let os_errno = error.raw_os_error().unwrap_or(0);
        Err(Failure { os_errno, ..Failure::new(code, text) })
    }
}
