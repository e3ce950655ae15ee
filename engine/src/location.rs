//! Locations: absolute paths and URLs as C gives them, and where a written dataset goes.

use std::path::{Path, PathBuf};

use url::Url;

use crate::error::{Failure, Result, status};

/// What a uri of C stands for.
pub enum Location {
    Local(PathBuf),
    Remote(Url),
}

impl Location {
    /// An absolute path, a file:// URL, or the URL of another store.
    pub fn parse(uri: &str) -> Result<Self> {
        let path = Path::new(uri);
        if path.is_absolute() {
            return Ok(Location::Local(path.to_owned()));
        }
        let url = Url::parse(uri).map_err(|_| {
            Failure::new(status::INVALID, format!("'{uri}' is neither an absolute path nor a URL"))
        })?;
        if url.scheme() != "file" {
            return Ok(Location::Remote(url));
        }
        let path = url.to_file_path().map_err(|()| {
            Failure::new(status::INVALID, format!("'{uri}' is not the URL of a local file"))
        })?;
        Ok(Location::Local(path))
    }

    /// The URL; a folder's ends in '/'.
    pub fn url(&self, folder: bool) -> Result<Url> {
        match self {
            Location::Remote(url) => {
                let mut url = url.clone();
                if folder && !url.path().ends_with('/') {
                    url.set_path(&format!("{}/", url.path()));
                }
                Ok(url)
            }
            Location::Local(path) => {
                let made = if folder { Url::from_directory_path(path) } else { Url::from_file_path(path) };
                made.map_err(|()| {
                    Failure::new(status::INVALID, format!("'{}' cannot be written as a URL", path.display()))
                })
            }
        }
    }

    /// Whether it is a folder: what lies on disk decides, else a trailing '/' or a name without an extension.
    pub fn is_folder(&self) -> bool {
        match self {
            Location::Local(path) if path.exists() => path.is_dir(),
            Location::Local(path) => path.extension().is_none() || path.as_os_str().as_encoded_bytes().ends_with(b"/"),
            Location::Remote(url) => {
                url.path().ends_with('/') || Path::new(url.path()).extension().is_none()
            }
        }
    }

    /// NOT_FOUND when a local file or folder is not there.
    pub fn must_exist(&self) -> Result<()> {
        let Location::Local(path) = self else { return Ok(()) };
        match std::fs::metadata(path) {
            Ok(_) => Ok(()),
            Err(error) => {
                let text = format!("cannot read '{}': {error}", path.display());
                let code = match error.kind() {
                    std::io::ErrorKind::NotFound => status::NOT_FOUND,
                    _ => status::IO,
                };
                let os_errno = error.raw_os_error().unwrap_or(0);
                Err(Failure { os_errno, ..Failure::new(code, text) })
            }
        }
    }
}

/// The absolute path or URL as a person would write it, for messages.
impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Location::Local(path) => write!(f, "{}", path.display()),
            Location::Remote(url) => write!(f, "{url}"),
        }
    }
}
