//! Upkeep of Delta tables: rows removed by a predicate, small files joined. Files that a version no longer needs stay
//! where they are; what may be deleted, and when, is decided in C.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use datafusion::execution::context::SessionState;
use deltalake::DeltaTable;
use deltalake::delta_datafusion::SessionFallbackPolicy;
use deltalake::kernel::transaction::CommitProperties;
use serde_json::{Map, Value, json};

use crate::cancel::{self, pne_cancel};
use crate::delta::{self, DeltaSpec};
use crate::error::{Failure, Result, pne_error, status};
use crate::guard::guard_on;
use crate::session::{Space, pne_session};
use crate::view::{self, Fields, pne_sink};

enum Operation {
    Delete { predicate: String },
    Optimize,
}

struct Request {
    operation: Operation,
    spec: DeltaSpec,
    commit_metadata: Map<String, Value>,
}

impl Request {
    fn read(mut fields: Fields<'_>) -> Result<Self> {
        let operation = match fields.required("operation")?.as_str() {
            "delete" => Operation::Delete { predicate: fields.required("predicate")? },
            "optimize" => Operation::Optimize,
            other => {
                let text = format!("unknown operation '{other}'; there are delete and optimize");
                return Err(Failure::new(status::INVALID, text));
            }
        };
        let spec = DeltaSpec {
            uri: fields.required("uri")?,
            version: None,
            timestamp: None,
            files: None,
            storage_options: fields.texts("storage_options")?,
        };
        let request = Request { operation, spec, commit_metadata: fields.object("commit_metadata")? };
        fields.finish()?;
        Ok(request)
    }
}

/// The version after the operation, with how many files went and came.
fn report(table: &DeltaTable, removed: u64, added: u64) -> Value {
    let version = table.version().map(|version| version.to_string());
    json!({"files_added": added.to_string(), "files_removed": removed.to_string(), "version": version})
}

async fn run(state: SessionState, request: Request) -> Result<Value> {
    let uri = request.spec.uri.clone();
    let table = delta::load(&request.spec).await?;
    let commit =
        CommitProperties::default().with_metadata(request.commit_metadata).with_cleanup_expired_logs(Some(false));
    let done = match request.operation {
        Operation::Delete { predicate } => {
            let builder = table
                .delete()
                .with_predicate(predicate)
                .with_session_state(Arc::new(state))
                .with_session_fallback_policy(SessionFallbackPolicy::RequireSessionState)
                .with_commit_properties(commit);
            let done = builder.await;
            done.map(|(table, m)| report(&table, m.num_removed_files as u64, m.num_added_files as u64))
        }
        Operation::Optimize => {
            let builder = table
                .optimize()
                .with_session_state(Arc::new(state))
                .with_session_fallback_policy(SessionFallbackPolicy::RequireSessionState)
                .with_commit_properties(commit);
            builder.await.map(|(table, m)| report(&table, m.num_files_removed, m.num_files_added))
        }
    };
    done.map_err(|error| Failure::from(error).context(&format!("delta table '{uri}'")))
}

/// Changes a Delta table without a query.
///
/// `request_json`: {"operation":"delete|optimize", "uri", "storage_options":{}, "commit_metadata":{}}; delete needs
/// "predicate", SQL over the table's columns, and rewrites only files that hold other rows, too; optimize joins small
/// files within each partition. Gives JSON: {"version", "files_removed", "files_added"}, text. Removed files stay on
/// disk. NOT_FOUND: no such table. CONFLICT: a commit lost. `cancel` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_delta_run(
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
            unsafe { (view::json_object(request_json, "delta request")?, cancel::optional(cancel)?) };
        let request = Request::read(Fields::new(request, "delta request"))?;
        let state = session.content.state(Space::Run);
        let report = session.content.engine().run_deep(cancel, move || run(state, request))?;
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit_json(sink, ctx, report) }
    })
}
