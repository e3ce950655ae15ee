//! Locations: absolute paths and file:// URLs as C gives them. Other stores are not part of this build.

use std::path::{Path, PathBuf};

use url::Url;

use crate::error::{Failure, Result, status};

/// A file or folder on this machine.
pub struct Location(pub PathBuf);

impl Location {
    /// UNSUPPORTED: the URL of another store. INVALID: neither an absolute path nor a URL.
    pub fn parse(uri: &str) -> Result<Self> {
        let path = Path::new(uri);
        if path.is_absolute() {
            return Ok(Location(path.to_owned()));
        }
        let invalid = || Failure::new(status::INVALID, format!("'{uri}' is neither an absolute path nor a file URL"));
        let url = Url::parse(uri).map_err(|_| invalid())?;
        if url.scheme() != "file" {
            let text = format!("'{uri}': this build has no store for {}://", url.scheme());
            return Err(Failure::new(status::UNSUPPORTED, text).with_hint("copy the data to a local folder"));
        }
        url.to_file_path().map(Location).map_err(|()| invalid())
    }

    /// The URL; a folder's ends in '/'.
    pub fn url(&self, folder: bool) -> Result<Url> {
        let made = if folder { Url::from_directory_path(&self.0) } else { Url::from_file_path(&self.0) };
        made.map_err(|()| Failure::new(status::INVALID, format!("'{}' cannot be written as a URL", self.0.display())))
    }

    pub fn is_folder(&self) -> bool {
        self.0.is_dir()
    }

    /// NOT_FOUND when nothing is there.
    pub fn must_exist(&self) -> Result<()> {
        let Err(error) = std::fs::metadata(&self.0) else { return Ok(()) };
        let text = format!("cannot read '{}': {error}", self.0.display());
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => status::NOT_FOUND,
            _ => status::IO,
        };
        let os_errno = error.raw_os_error().unwrap_or(0);
        Err(Failure { os_errno, ..Failure::new(code, text) })
    }
}
