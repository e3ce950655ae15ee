-- One row per node of the code property graph. Key: node_id, which hashes the entity's id and the
-- kind. Source: the file table and the cst_*, symtable_* and ts_* views. Spans are byte offsets in
-- the file; scopes, symbols and bindings have none. Canonical order: path, bstart, node_id.
SELECT stable_id_parts('node', file_id, 'PY_FILE') AS node_id,
  'PY_FILE' AS node_kind, path, CAST(0 AS BIGINT) AS bstart, size_bytes AS bend, file_id,
  'cpg.nodes' AS task_name, CAST(100 AS INT) AS task_priority
FROM repo_files_v1
UNION ALL
SELECT stable_id_parts('node', def_id, 'CST_DEF') AS node_id,
  'CST_DEF' AS node_kind, path, coalesce(name_bstart, def_bstart) AS bstart,
  coalesce(name_bend, def_bend) AS bend, file_id,
  'cpg.nodes' AS task_name, CAST(100 AS INT) AS task_priority
FROM cst_defs
UNION ALL
SELECT stable_id_parts('node', call_id, 'CST_CALLSITE') AS node_id,
  'CST_CALLSITE' AS node_kind, path, call_bstart AS bstart, call_bend AS bend, file_id,
  'cpg.nodes' AS task_name, CAST(100 AS INT) AS task_priority
FROM cst_callsites
UNION ALL
SELECT stable_id_parts('node', import_id, 'CST_IMPORT_ALIAS') AS node_id,
  'CST_IMPORT_ALIAS' AS node_kind, path, alias_bstart AS bstart, alias_bend AS bend, file_id,
  'cpg.nodes' AS task_name, CAST(100 AS INT) AS task_priority
FROM cst_imports
UNION ALL
SELECT stable_id_parts('node', ref_id, 'CST_REF') AS node_id,
  'CST_REF' AS node_kind, path, bstart AS bstart, bend AS bend, file_id,
  'cpg.nodes' AS task_name, CAST(100 AS INT) AS task_priority
FROM cst_refs
UNION ALL
SELECT stable_id_parts('node', scope_id, 'SYM_SCOPE') AS node_id,
  'SYM_SCOPE' AS node_kind, path, CAST(NULL AS BIGINT) AS bstart,
  CAST(NULL AS BIGINT) AS bend, file_id,
  'cpg.nodes' AS task_name, CAST(100 AS INT) AS task_priority
FROM symtable_scopes
UNION ALL
SELECT stable_id_parts('node', sym_symbol_id, 'SYM_SYMBOL') AS node_id,
  'SYM_SYMBOL' AS node_kind, path, CAST(NULL AS BIGINT) AS bstart,
  CAST(NULL AS BIGINT) AS bend, file_id,
  'cpg.nodes' AS task_name, CAST(100 AS INT) AS task_priority
FROM symtable_symbols
UNION ALL
SELECT stable_id_parts('node', binding_id, 'PY_BINDING') AS node_id,
  'PY_BINDING' AS node_kind, path, CAST(NULL AS BIGINT) AS bstart,
  CAST(NULL AS BIGINT) AS bend, file_id,
  'cpg.nodes' AS task_name, CAST(100 AS INT) AS task_priority
FROM symtable_bindings
UNION ALL
SELECT stable_id_parts('node', def_site_id, 'PY_DEF_SITE') AS node_id,
  'PY_DEF_SITE' AS node_kind, path, bstart AS bstart, bend AS bend, file_id,
  'cpg.nodes' AS task_name, CAST(100 AS INT) AS task_priority
FROM symtable_def_sites
UNION ALL
SELECT stable_id_parts('node', use_site_id, 'PY_USE_SITE') AS node_id,
  'PY_USE_SITE' AS node_kind, path, bstart AS bstart, bend AS bend, file_id,
  'cpg.nodes' AS task_name, CAST(100 AS INT) AS task_priority
FROM symtable_use_sites
UNION ALL
SELECT stable_id_parts('node', ts_error_id, 'TS_ERROR') AS node_id,
  'TS_ERROR' AS node_kind, path, start_byte AS bstart, end_byte AS bend, file_id,
  'cpg.nodes' AS task_name, CAST(100 AS INT) AS task_priority
FROM ts_errors
UNION ALL
SELECT stable_id_parts('node', ts_missing_id, 'TS_MISSING') AS node_id,
  'TS_MISSING' AS node_kind, path, start_byte AS bstart, end_byte AS bend, file_id,
  'cpg.nodes' AS task_name, CAST(100 AS INT) AS task_priority
FROM ts_missing
