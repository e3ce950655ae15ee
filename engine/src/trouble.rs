//! What an object store had to complain of: C's catalogue has a row for each, and 0 is nothing in particular.

use std::error::Error as StdError;

use object_store::client::{HttpError, HttpErrorKind};

const BUCKET: i32 = 1;
const DENIED: i32 = 2;
const REGION: i32 = 3;
const SILENT: i32 = 4;

/// What a store says in the code of its answer, or what it means that there was none.
pub fn trouble_of(error: &object_store::Error, text: &str) -> Option<(i32, &'static str)> {
    const NO_BUCKET: (i32, &str) = (BUCKET, "there is no such bucket");
    const OTHER_REGION: (i32, &str) = (REGION, "the bucket lies in another region");
    const REFUSED: (i32, &str) = (DENIED, "the object store denies access");
    const CODES: [(&str, (i32, &str)); 8] = [
        ("<Code>NoSuchBucket<", NO_BUCKET),
        ("<Code>PermanentRedirect<", OTHER_REGION),
        ("<Code>AuthorizationHeaderMalformed<", OTHER_REGION),
        ("<Code>IllegalLocationConstraintException<", OTHER_REGION),
        ("incorrectly configured region", OTHER_REGION),
        ("status code: 401 ", REFUSED),
        ("status code: 403 ", REFUSED),
        ("status code: 5", (0, "the object store failed")),
    ];
    if let Some((_, known)) = CODES.iter().find(|(code, _)| text.contains(code)) {
        return Some(*known);
    }
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = next {
        match current.downcast_ref::<HttpError>().map(HttpError::kind) {
            Some(HttpErrorKind::Timeout) => return Some((SILENT, "the object store did not answer in time")),
            Some(_) => return Some((SILENT, "the object store cannot be reached")),
            None => next = current.source(),
        }
    }
    None
}
