-- One row per edge of the code property graph. Key: edge_id, which hashes kind, ends, path and
-- span. Source: the symtable_* views, cst_defs (CONTAINS) and python_calls (CALLS). Both ends are
-- node ids of cpg_nodes_v1. Canonical order: path, bstart, edge_id.
SELECT
  stable_id_parts('edge', edge_kind, src_node_id, dst_node_id, path, bstart, bend) AS edge_id,
  edge_kind, src_node_id, dst_node_id, path, bstart, bend, origin, resolution_method, confidence,
  confidence AS score,
  CAST(NULL AS INT) AS symbol_roles,
  CAST(NULL AS VARCHAR) AS qname_source,
  ambiguity_group_id, task_name,
  CAST(100 AS INT) AS task_priority
FROM (
  SELECT 'SCOPE_PARENT' AS edge_kind,
    stable_id_parts('node', child_scope_id, 'SYM_SCOPE') AS src_node_id,
    stable_id_parts('node', parent_scope_id, 'SYM_SCOPE') AS dst_node_id,
    path, CAST(NULL AS BIGINT) AS bstart, CAST(NULL AS BIGINT) AS bend,
    'symtable' AS origin, 'SCOPE_PARENT' AS resolution_method, CAST(0.5 AS DOUBLE) AS confidence,
    CAST(NULL AS VARCHAR) AS ambiguity_group_id, 'rel.scope_parent' AS task_name
  FROM symtable_scope_edges
  UNION ALL
  SELECT 'SCOPE_BINDS' AS edge_kind,
    stable_id_parts('node', scope_id, 'SYM_SCOPE') AS src_node_id,
    stable_id_parts('node', binding_id, 'PY_BINDING') AS dst_node_id,
    path, CAST(NULL AS BIGINT) AS bstart, CAST(NULL AS BIGINT) AS bend,
    'symtable' AS origin, 'SCOPE_BINDS' AS resolution_method, CAST(0.5 AS DOUBLE) AS confidence,
    CAST(NULL AS VARCHAR) AS ambiguity_group_id, 'rel.scope_binds' AS task_name
  FROM symtable_bindings
  UNION ALL
  SELECT 'BINDING_RESOLVES_TO' AS edge_kind,
    stable_id_parts('node', binding_id, 'PY_BINDING') AS src_node_id,
    stable_id_parts('node', outer_binding_id, 'PY_BINDING') AS dst_node_id,
    path, CAST(NULL AS BIGINT) AS bstart, CAST(NULL AS BIGINT) AS bend,
    'symtable' AS origin, 'BINDING_RESOLVE' AS resolution_method, confidence,
    ambiguity_group_id, 'rel.binding_resolves_to' AS task_name
  FROM symtable_binding_resolutions
  UNION ALL
  SELECT 'DEF_SITE_OF' AS edge_kind,
    stable_id_parts('node', def_site_id, 'PY_DEF_SITE') AS src_node_id,
    stable_id_parts('node', binding_id, 'PY_BINDING') AS dst_node_id,
    path, bstart, bend,
    'symtable' AS origin, 'DEF_SITE' AS resolution_method, anchor_confidence AS confidence,
    ambiguity_group_id, 'rel.def_site_of' AS task_name
  FROM symtable_def_sites
  UNION ALL
  SELECT 'USE_SITE_OF' AS edge_kind,
    stable_id_parts('node', use_site_id, 'PY_USE_SITE') AS src_node_id,
    stable_id_parts('node', binding_id, 'PY_BINDING') AS dst_node_id,
    path, bstart, bend,
    'symtable' AS origin, 'USE_SITE' AS resolution_method, anchor_confidence AS confidence,
    ambiguity_group_id, 'rel.use_site_of' AS task_name
  FROM symtable_use_sites
  UNION ALL
  SELECT 'CONTAINS' AS edge_kind,
    CASE WHEN container_def_id IS NULL THEN stable_id_parts('node', file_id, 'PY_FILE')
      ELSE stable_id_parts('node', container_def_id, 'CST_DEF') END AS src_node_id,
    stable_id_parts('node', def_id, 'CST_DEF') AS dst_node_id,
    path, def_bstart AS bstart, def_bend AS bend,
    'ast' AS origin, 'SYNTAX' AS resolution_method, CAST(1.0 AS DOUBLE) AS confidence,
    CAST(NULL AS VARCHAR) AS ambiguity_group_id, 'rel.contains' AS task_name
  FROM cst_defs
  UNION ALL
  SELECT 'CALLS' AS edge_kind,
    stable_id_parts('node', call_id, 'CST_CALLSITE') AS src_node_id,
    stable_id_parts('node', def_id, 'CST_DEF') AS dst_node_id,
    path, call_bstart AS bstart, call_bend AS bend,
    'flow' AS origin, resolution_method, confidence,
    call_id AS ambiguity_group_id, 'rel.calls' AS task_name
  FROM python_calls
) AS edges
