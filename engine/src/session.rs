//! Sessions: settings, memory, functions, and two catalogs in one context.
//!
//! `identity` holds schema stubs and `run` the real providers, under the same names; a plan is made in one of the two
//! spaces, so the same SQL gives the plan that is fingerprinted and the plan that is executed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{c_char, c_void};
use std::sync::{Arc, PoisonError, RwLock};

use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    SchemaProvider,
};
use datafusion::execution::context::SessionState;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::prelude::SessionConfig;
use deltalake::delta_datafusion::planner::DeltaPlanner;
use futures::FutureExt;
use serde_json::{Map, Value, json};

use crate::called;
use crate::cancel::YieldingOperators;
use crate::engine::{Engine, pne_engine};
use crate::error::{Failure, Result, pne_error, status};
use crate::guard::{guard_free, guard_on};
use crate::handle::{Handle, handle};
use crate::memory::runtime_env;
use crate::planner::Planners;
use crate::sql_function::Definitions;
use crate::table::pne_table;
use crate::udf::{CompleteCalls, Functions, PackOptions, Provider};
use crate::view::{self, Fields, pne_sink};

const SCHEMA: &str = "main";

/// Which of the two catalogs a plan reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Space {
    Identity,
    Run,
}

impl Space {
    pub fn from_c(number: i32) -> Result<Self> {
        match number {
            0 => Ok(Space::Identity),
            1 => Ok(Space::Run),
            _ => Err(Failure::new(status::INVALID, format!("there is no space {number}; 0 is identity, 1 is run"))),
        }
    }

    fn catalog(self) -> &'static str {
        match self {
            Space::Identity => "identity",
            Space::Run => "run",
        }
    }
}

/// The states of both spaces; they differ in the default catalog only.
struct States {
    identity: SessionState,
    run: SessionState,
}

pub struct Session {
    engine: Arc<Engine>,
    states: RwLock<States>,
    identity: Arc<MemorySchemaProvider>,
    run: Arc<MemorySchemaProvider>,
    custom_functions: RwLock<BTreeSet<String>>,
    definitions: Arc<Definitions>,
    /// Table providers of packs by "pack.name".
    pub providers: Arc<RwLock<BTreeMap<String, Arc<Provider>>>>,
    planners: Arc<Planners>,
    /// Whether string and binary views leave as they are, or as the older types every consumer reads.
    pub export_views: bool,
}

handle!(pne_session, Session, "session");

impl Session {
    fn new(engine: Arc<Engine>, settings: Map<String, Value>) -> Result<Self> {
        let mut settings = Fields::new(settings, "session settings");
        let information_schema = settings.flag("information_schema")?.unwrap_or(false);
        let config = session_config(&mut settings, information_schema)?;
        let mut runtime = Fields::new(settings.object("runtime")?, "runtime settings");
        settings.finish()?;
        let export_views = runtime.flag("export_views")?.unwrap_or(false);
        let runtime_env = runtime_env(runtime)?;

        let identity = Arc::new(MemorySchemaProvider::new());
        let run = Arc::new(MemorySchemaProvider::new());
        let catalogs = catalogs(&identity, &run)?;
        // The planner of delta-rs is the stock one plus the nodes that its writes are made of.
        let planners = Arc::<Planners>::default();
        let mut base = SessionStateBuilder::new()
            .with_expr_planners(vec![Arc::clone(&planners) as _])
            .with_default_features()
            .with_session_id("pinion".to_owned())
            .with_catalog_list(catalogs)
            .with_config(config)
            .with_runtime_env(runtime_env)
            .with_query_planner(DeltaPlanner::new())
            .build();
        called::remember_calls(&mut base);
        base.register_function_rewrite(Arc::new(CompleteCalls))?;
        // Whether tasks yield is no part of an identity, so the identity space does not know the rule for it.
        let running = SessionStateBuilder::new_from_existing(base.clone())
            .with_session_id(base.session_id().to_owned())
            .with_physical_optimizer_rule(Arc::new(YieldingOperators))
            .build();
        let states = States { identity: with_catalog(base, Space::Identity), run: with_catalog(running, Space::Run) };
        Ok(Session {
            engine,
            states: RwLock::new(states),
            identity,
            run,
            custom_functions: RwLock::default(),
            definitions: Arc::default(),
            providers: Arc::default(),
            planners,
            export_views,
        })
    }

    /// A session with the same settings, functions and tables, but a `run` catalog of its own: what is registered
    /// there later is seen in that session only.
    fn fork(&self) -> Result<Self> {
        let run = Arc::new(MemorySchemaProvider::new());
        for name in self.run.table_names() {
            // The tables are in memory, so the answer is there at once; a table that was just removed is left out.
            if let Some(Ok(Some(table))) = self.run.table(&name).now_or_never() {
                run.register_table(name, table)?;
            }
        }
        let catalogs = catalogs(&self.identity, &run)?;
        let custom_functions = self.custom_functions.read().unwrap_or_else(PoisonError::into_inner).clone();
        let states = self.states.read().unwrap_or_else(PoisonError::into_inner);
        let mut states = States { identity: states.identity.clone(), run: states.run.clone() };
        states.identity.register_catalog_list(Arc::clone(&catalogs));
        states.run.register_catalog_list(catalogs);
        Ok(Session {
            engine: Arc::clone(&self.engine),
            states: RwLock::new(states),
            identity: Arc::clone(&self.identity),
            run,
            custom_functions: RwLock::new(custom_functions),
            definitions: Arc::clone(&self.definitions),
            providers: Arc::clone(&self.providers),
            planners: Arc::clone(&self.planners),
            export_views: self.export_views,
        })
    }

    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// A state for one compile or one execution. In the run space the clock starts now; in the identity space there
    /// is none, so now() stays a call. The alias generator is new each time: generated names start at 1.
    pub fn state(&self, space: Space) -> SessionState {
        let states = self.states.read().unwrap_or_else(PoisonError::into_inner);
        match space {
            Space::Identity => {
                let mut state = states.identity.clone();
                let mut props = ExecutionProps::new();
                props.config_options = Some(Arc::clone(state.config_options()));
                *state.execution_props_mut() = props;
                state
            }
            Space::Run => {
                let mut state = states.run.clone();
                state.mark_start_execution();
                state
            }
        }
    }

    fn schema(&self, space: Space) -> &MemorySchemaProvider {
        match space {
            Space::Identity => &self.identity,
            Space::Run => &self.run,
        }
    }

    /// Adds functions to both spaces.
    pub fn add_functions(&self, functions: Functions) -> Result<()> {
        let mut states = self.states.write().unwrap_or_else(PoisonError::into_inner);
        let mut custom = self.custom_functions.write().unwrap_or_else(PoisonError::into_inner);
        custom.extend(functions.scalars.iter().map(|function| function.name().to_owned()));
        custom.extend(functions.aggregates.iter().map(|function| function.name().to_owned()));
        custom.extend(functions.windows.iter().map(|function| function.name().to_owned()));
        custom.extend(functions.tables.iter().flat_map(|function| function.names().cloned()));
        let mut providers = self.providers.write().unwrap_or_else(PoisonError::into_inner);
        providers.extend(functions.providers.iter().map(|p| (p.format.clone(), Arc::clone(p))));
        let States { identity, run } = &mut *states;
        for state in [identity, run] {
            for function in &functions.scalars {
                state.register_udf(Arc::clone(function))?;
            }
            for function in &functions.aggregates {
                state.register_udaf(Arc::clone(function))?;
            }
            for function in &functions.windows {
                state.register_udwf(Arc::clone(function))?;
            }
            for function in &functions.tables {
                for name in function.names() {
                    state.register_udtf(name, Arc::clone(function) as _);
                }
            }
            PackOptions::add(state.config_mut().options_mut(), &functions.options);
        }
        Ok(())
    }

    /// The functions written in SQL.
    pub fn definitions(&self) -> &Arc<Definitions> {
        &self.definitions
    }

    pub fn planners(&self) -> &Arc<Planners> {
        &self.planners
    }

    /// Changes the states of both spaces.
    pub fn change(&self, mut change: impl FnMut(&mut SessionState) -> Result<()>) -> Result<()> {
        let mut states = self.states.write().unwrap_or_else(PoisonError::into_inner);
        let States { identity, run } = &mut *states;
        change(identity)?;
        change(run)
    }

    /// A function of that name is a pack's no more.
    pub fn forget_function(&self, name: &str) {
        self.custom_functions.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// The table provider that a pack calls so.
    pub fn provider(&self, format: &str) -> Option<Arc<Provider>> {
        self.providers.read().unwrap_or_else(PoisonError::into_inner).get(format).cloned()
    }

    /// Changes one setting in both spaces, or in none.
    fn set(&self, key: &str, value: &str) -> Result<()> {
        let mut states = self.states.write().unwrap_or_else(PoisonError::into_inner);
        let States { identity, run } = &mut *states;
        let mut changed = run.config().options().as_ref().clone();
        changed.set(key, value).map_err(|error| {
            let failure = Failure::from(error);
            Failure { status: status::INVALID, ..failure }.context(&format!("setting '{key}'"))
        })?;
        for state in [identity, run] {
            state.config_mut().options_mut().set(key, value)?;
        }
        Ok(())
    }

    fn functions(&self) -> Value {
        let states = self.states.read().unwrap_or_else(PoisonError::into_inner);
        let state = &states.run;
        let mut rows = Vec::new();
        for (name, f) in state.scalar_functions() {
            let volatility = format!("{:?}", f.signature().volatility);
            rows.push(("scalar", name, f.name().to_owned(), f.aliases().to_vec(), volatility));
        }
        for (name, f) in state.higher_order_functions() {
            rows.push(("higher_order", name, f.name().to_owned(), f.aliases().to_vec(), "Immutable".into()));
        }
        for (name, f) in state.aggregate_functions() {
            let volatility = format!("{:?}", f.signature().volatility);
            rows.push(("aggregate", name, f.name().to_owned(), f.aliases().to_vec(), volatility));
        }
        for (name, f) in state.window_functions() {
            let volatility = format!("{:?}", f.signature().volatility);
            rows.push(("window", name, f.name().to_owned(), f.aliases().to_vec(), volatility));
        }
        for name in state.table_functions().keys() {
            rows.push(("table", name, name.clone(), Vec::new(), "Volatile".into()));
        }
        // The registry lists a function under each alias too.
        rows.retain(|(_, key, name, _, _)| **key == *name);
        rows.sort_by(|a, b| (a.0, &a.2).cmp(&(b.0, &b.2)));
        let custom = self.custom_functions.read().unwrap_or_else(PoisonError::into_inner);
        let describe = |(kind, _, name, mut aliases, volatility): (_, _, String, Vec<String>, String)| {
            aliases.sort();
            json!({
                "aliases": aliases,
                "custom": custom.contains(&name),
                "kind": kind,
                "name": name,
                "volatility": volatility.to_lowercase(),
            })
        };
        rows.into_iter().map(describe).collect()
    }
}

/// Both spaces under their names.
fn catalogs(
    identity: &Arc<MemorySchemaProvider>,
    run: &Arc<MemorySchemaProvider>,
) -> Result<Arc<dyn CatalogProviderList>> {
    let catalogs = MemoryCatalogProviderList::new();
    for (space, schema) in [(Space::Identity, identity), (Space::Run, run)] {
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(SCHEMA, Arc::clone(schema) as _)?;
        catalogs.register_catalog(space.catalog().to_owned(), Arc::new(catalog));
    }
    Ok(Arc::new(catalogs))
}

fn with_catalog(mut state: SessionState, space: Space) -> SessionState {
    state.config_mut().options_mut().catalog.default_catalog = space.catalog().to_owned();
    state
}

fn session_config(settings: &mut Fields<'_>, information_schema: bool) -> Result<SessionConfig> {
    let mut config = SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(Space::Identity.catalog(), SCHEMA)
        .with_information_schema(information_schema);
    let options = config.options_mut();
    // A folder is a dataset with all that lies in it, unless the caller says otherwise.
    options.execution.listing_table_ignore_subdirectory = false;
    options.set("datafusion.sql_parser.recursion_limit", &(crate::depth::MAX_DEPTH * 8).to_string())?;
    for (key, value) in settings.string_map("config")? {
        let Some(value) = value else { continue };
        options.set(&key, &value).map_err(|error| {
            let failure = Failure::from(error);
            Failure { status: status::INVALID, ..failure }.context(&format!("setting '{key}'"))
        })?;
    }
    Ok(config)
}

/// Opens a session.
///
/// `settings_json`: NULL or {"config":{"datafusion.execution.target_partitions":"8", …}, "information_schema":bool,
/// "runtime":{"memory_limit_bytes":"n", "memory_pool":"greedy|fair|unbounded", "spill_dir":"/abs"|null,
/// "max_spill_bytes":"n", "metadata_cache_bytes":"n", "export_views":"true|false"}}. INVALID names an unknown key.
/// `*out` is owned by the caller: pne_session_free(). Usable from many threads.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_new(
    engine: *const pne_engine,
    settings_json: *const c_char,
    out: *mut *mut pne_session,
    err: *mut pne_error,
) -> i32 {
    guard_on(engine, err, |engine| {
        // SAFETY: the caller passes NULL or NUL-terminated text.
        let settings = unsafe { view::json_object(settings_json, "session settings")? };
        let session = Session::new(Arc::clone(&engine.content), settings)?;
        // SAFETY: the caller passes NULL or a writable place.
        unsafe { pne_session::new(Arc::new(session)).give(out) }
    })
}

/// Makes a session with the settings, functions and tables that `session` has now, but with a `run` catalog of its
/// own: views of one run are registered there, so that runs of one session do not meet. `*out` is owned by the caller:
/// pne_session_free(). Costs O(tables).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_fork(
    session: *const pne_session,
    out: *mut *mut pne_session,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        let fork = session.content.fork()?;
        // SAFETY: the caller passes NULL or a writable place.
        unsafe { pne_session::new(Arc::new(fork)).give(out) }
    })
}

/// Frees the session; tables, plans and streams made from it go on. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_free(session: *mut pne_session) {
    guard_free(|| {
        // SAFETY: the caller gives the handle up.
        if let Some(session) = unsafe { pne_session::take(session) } {
            let content = session.into_content();
            content.engine().clone().free(content);
        }
    });
}

/// Gives every config entry as JSON: {name: text or null}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_settings(
    session: *const pne_session,
    sink: pne_sink,
    ctx: *mut c_void,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        let state = session.content.state(Space::Identity);
        let entries = state.config_options().entries().into_iter();
        let map: Map<String, Value> = entries.map(|entry| (entry.key, entry.value.into())).collect();
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit_json(sink, ctx, Value::Object(map)) }
    })
}
/// Changes one config entry of the session, as SET does: for plans made from now on, in both spaces. INVALID: an
/// unknown key or a wrong value, and nothing is changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_set(
    session: *const pne_session,
    key: *const c_char,
    value: *const c_char,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes NUL-terminated text.
        let (key, value) = unsafe { (view::text(key, "setting")?, view::text(value, "value")?) };
        session.content.set(key, value)
    })
}

/// Gives the names of the rules in the order they run, as JSON: {"analyzer":[…],"optimizer":[…],"physical":[…]}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_rules(
    session: *const pne_session,
    sink: pne_sink,
    ctx: *mut c_void,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        let state = session.content.state(Space::Identity);
        let analyzer: Vec<&str> = state.analyzer().rules.iter().map(|rule| rule.name()).collect();
        let optimizer: Vec<&str> = state.optimizers().iter().map(|rule| rule.name()).collect();
        let physical: Vec<&str> = state.physical_optimizers().iter().map(|rule| rule.name()).collect();
        let rules = json!({"analyzer": analyzer, "optimizer": optimizer, "physical": physical});
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit_json(sink, ctx, rules) }
    })
}

/// Gives all functions as a JSON array sorted by kind and name: {aliases, custom, kind, name, volatility}; the kinds
/// are aggregate, higher_order, scalar, table and window.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_functions(
    session: *const pne_session,
    sink: pne_sink,
    ctx: *mut c_void,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit_json(sink, ctx, session.content.functions()) }
    })
}

/// Registers a table under `name` in space 0 (identity) or 1 (run), replacing what had the name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_register(
    session: *const pne_session,
    space: i32,
    name: *const c_char,
    table: *const pne_table,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes NUL-terminated text and a live table.
        let (name, table) = unsafe { (view::text(name, "table name")?, pne_table::borrow(table)?) };
        let schema = session.content.schema(Space::from_c(space)?);
        if let Some(old) = schema.deregister_table(name)? {
            session.content.engine().free(old);
        }
        schema.register_table(name.to_owned(), Arc::clone(&table.content.provider))?;
        Ok(())
    })
}

/// Removes the table `name` from a space; NOT_FOUND when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_deregister(
    session: *const pne_session,
    space: i32,
    name: *const c_char,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes NUL-terminated text.
        let name = unsafe { view::text(name, "table name")? };
        match session.content.schema(Space::from_c(space)?).deregister_table(name)? {
            Some(old) => {
                session.content.engine().free(old);
                Ok(())
            }
            None => Err(Failure::new(status::NOT_FOUND, format!("there is no table '{name}' to remove"))),
        }
    })
}
