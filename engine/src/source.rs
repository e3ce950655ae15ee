//! File datasets: Parquet, CSV, newline-delimited JSON and Arrow IPC, as single files, folders or explicit lists.

use std::str::FromStr;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::arrow::ArrowFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::execution::context::SessionState;

use crate::error::{Failure, Result, status};
use crate::location::Location;
use crate::remote::Options;
use crate::view::Fields;

/// What pne_table_open was asked for, without the Delta-only parts.
pub struct FileSpec {
    pub format: String,
    pub uri: String,
    /// Explicit files instead of what the folder lists now.
    pub paths: Option<Vec<String>>,
    pub schema: Option<SchemaRef>,
    pub storage_options: Options,
}

/// Opens file datasets. `options` is the "options" object of the spec.
pub async fn open(state: &SessionState, spec: FileSpec, mut options: Fields<'_>) -> Result<Arc<dyn TableProvider>> {
    let extension = options.string("file_extension")?;
    let partition_by = partition_columns(options.strings("partition_by")?.unwrap_or_default())?;
    let compression = compression(options.string("compression")?.as_deref().unwrap_or("none"))?;
    let format = file_format(state, &spec.format, compression, &mut options)?;
    options.finish()?;

    let places = places_of(state, &spec)?;
    let explicit = spec.paths.is_some() || places.iter().all(|(_, url)| !url.is_collection());
    let suffix = match (explicit, extension) {
        (true, _) => String::new(),
        (false, Some(extension)) => extension,
        (false, None) => format.get_ext_with_compression(&compression)?,
    };
    let listing = ListingOptions::new(format).with_file_extension(suffix).with_table_partition_cols(partition_by);
    let schema = match spec.schema {
        Some(schema) => schema,
        None => infer(state, &listing, &places, &spec).await?,
    };
    let urls = places.into_iter().map(|(_, url)| url).collect();
    let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(listing).with_schema(schema);
    Ok(Arc::new(ListingTable::try_new(config)?))
}

type Place = (Location, ListingTableUrl);

fn places_of(state: &SessionState, spec: &FileSpec) -> Result<Vec<Place>> {
    let mut files = match &spec.paths {
        None => {
            let location = Location::parse(&spec.uri, &spec.storage_options)?;
            location.must_exist()?;
            location.register(state)?;
            let url = ListingTableUrl::try_new(location.url(location.is_folder())?, None)?;
            return Ok(vec![(location, url)]);
        }
        Some(paths) => paths.clone(),
    };
    if files.is_empty() {
        let text = format!("the list of files of '{}' is empty", spec.uri);
        return Err(Failure::new(status::INVALID, text));
    }
    files.sort();
    let mut places = Vec::with_capacity(files.len());
    for file in files {
        let location = Location::parse(&file, &spec.storage_options)?;
        location.must_exist()?;
        location.register(state)?;
        let url = ListingTableUrl::try_new(location.url(false)?, None)?;
        places.push((location, url));
    }
    Ok(places)
}

async fn infer(state: &SessionState, listing: &ListingOptions, places: &[Place], spec: &FileSpec) -> Result<SchemaRef> {
    let uri = &spec.uri;
    let mut schemas = Vec::with_capacity(places.len());
    for (location, url) in places {
        if let Location::Remote(remote) = location
            && spec.format == "arrow"
            && !url.is_collection()
            && let Some(schema) = remote.arrow_schema().await?
        {
            schemas.push(schema.as_ref().clone());
            continue;
        }
        let inferred = listing.infer_schema(state, url).await.map_err(|error| {
            let failure = Failure::from(error);
            if failure.message.starts_with("no files found") {
                let text = format!("no {} file in '{uri}'", listing.file_extension);
                return Failure::new(status::NOT_FOUND, text)
                    .with_hint("declare a schema if the folder may be empty, or set file_extension");
            }
            // A file that a reader cannot make sense of is damaged, whatever the reader calls it.
            let code = if failure.status == status::EXEC { status::CORRUPT } else { failure.status };
            Failure { status: code, ..failure }.context(&format!("reading the schema of '{uri}'"))
        })?;
        schemas.push(inferred.as_ref().clone());
    }
    if let [only] = schemas.as_slice() {
        return Ok(Arc::new(only.clone()));
    }
    Ok(Arc::new(datafusion::arrow::datatypes::Schema::try_merge(schemas)?))
}

fn file_format(
    state: &SessionState,
    name: &str,
    compression: FileCompressionType,
    options: &mut Fields<'_>,
) -> Result<Arc<dyn FileFormat>> {
    let infer_rows = options.number("schema_infer_max_records")?.map(|n| n as usize);
    let tables = state.default_table_options();
    match name {
        "parquet" => Ok(Arc::new(ParquetFormat::default().with_options(tables.parquet))),
        "arrow" => Ok(Arc::new(ArrowFormat)),
        "json" => {
            let mut format = JsonFormat::default().with_options(tables.json).with_file_compression_type(compression);
            if let Some(rows) = infer_rows {
                format = format.with_schema_infer_max_rec(rows);
            }
            Ok(Arc::new(format))
        }
        "csv" => {
            let mut format = CsvFormat::default()
                .with_options(tables.csv)
                .with_file_compression_type(compression)
                .with_has_header(options.flag("has_header")?.unwrap_or(true))
                .with_null_regex(options.string("null_regex")?);
            if let Some(byte) = one_byte(options, "delimiter")? {
                format = format.with_delimiter(byte);
            }
            if let Some(byte) = one_byte(options, "quote")? {
                format = format.with_quote(byte);
            }
            if let Some(byte) = one_byte(options, "escape")? {
                format = format.with_escape(Some(byte));
            }
            if options.flag("newlines_in_values")?.unwrap_or(false) {
                format = format.with_newlines_in_values(true);
            }
            if let Some(rows) = infer_rows {
                format = format.with_schema_infer_max_rec(rows);
            }
            Ok(Arc::new(format))
        }
        other => {
            let text = format!("unknown format '{other}'; there are arrow, csv, delta, json and parquet");
            Err(Failure::new(status::INVALID, text))
        }
    }
}

fn one_byte(options: &mut Fields<'_>, key: &str) -> Result<Option<u8>> {
    match options.string(key)?.as_deref().map(str::as_bytes) {
        None => Ok(None),
        Some([byte]) => Ok(Some(*byte)),
        Some(b"\\t") => Ok(Some(b'\t')),
        Some(_) => Err(Failure::new(status::INVALID, format!("'{key}' must be one ASCII character"))),
    }
}

/// The compression of the files themselves, by name.
pub fn compression(name: &str) -> Result<FileCompressionType> {
    if name.eq_ignore_ascii_case("none") {
        return Ok(FileCompressionType::UNCOMPRESSED);
    }
    FileCompressionType::from_str(name).map_err(|_| {
        let text = format!("unknown compression '{name}'; there are gzip, bzip2, xz, zstd and none");
        Failure::new(status::INVALID, text)
    })
}

/// "name:type" of hive folders; the types are those a folder name can hold.
fn partition_columns(columns: Vec<String>) -> Result<Vec<(String, DataType)>> {
    let parse = |column: String| {
        let (name, kind) = column.split_once(':').unwrap_or((&column, "string"));
        let kind = match kind {
            "string" | "utf8" => DataType::Utf8,
            "int" | "int32" => DataType::Int32,
            "bigint" | "int64" => DataType::Int64,
            "double" | "float64" => DataType::Float64,
            "boolean" => DataType::Boolean,
            "date" | "date32" => DataType::Date32,
            other => {
                let text = format!("partition column '{name}' has the unknown type '{other}'");
                return Err(Failure::new(status::INVALID, text)
                    .with_hint("there are string, int, bigint, double, boolean and date"));
            }
        };
        Ok((name.to_owned(), kind))
    };
    columns.into_iter().map(parse).collect()
}
