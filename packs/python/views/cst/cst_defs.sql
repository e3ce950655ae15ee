-- One row per function, async function, class or lambda. Key: def_id (file_id, kind, def span).
-- Source: libcst_files_v1.defs. scope_id is the scope that holds the name, own_scope_id the scope
-- that the definition opens; base_paths, decorator_paths and return_paths are access paths, one a
-- line (an empty line where an expression has none), param_names the positional parameters.
SELECT
  stable_id_parts('cst_def', file_id, d['kind'], d['def_bstart'], d['def_bend']) AS def_id,
  CASE WHEN d['container_def_bstart'] IS NOT NULL
    THEN stable_id_parts('cst_def', file_id, d['container_def_kind'], d['container_def_bstart'],
                         d['container_def_bend']) END AS container_def_id,
  file_id, path,
  d['container_def_kind'] AS container_def_kind,
  d['container_def_bstart'] AS container_def_bstart,
  d['container_def_bend'] AS container_def_bend,
  d['kind'] AS kind,
  CASE d['kind'] WHEN 'async_function' THEN 'function' ELSE d['kind'] END AS def_kind_norm,
  d['name'] AS name,
  d['def_bstart'] AS def_bstart,
  d['def_bend'] AS def_bend,
  d['name_bstart'] AS name_bstart,
  d['name_bend'] AS name_bend,
  d['qnames'] AS qnames,
  d['def_fqns'] AS def_fqns,
  d['def_fqns'][1] AS def_fqn,
  d['docstring'] AS docstring,
  d['decorator_count'] AS decorator_count,
  d['attrs']['scope_id'] AS scope_id,
  d['attrs']['own_scope_id'] AS own_scope_id,
  d['attrs']['base_paths'] AS base_paths,
  d['attrs']['decorator_paths'] AS decorator_paths,
  d['attrs']['return_paths'] AS return_paths,
  d['attrs']['param_names'] AS param_names,
  d['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(defs) AS d FROM libcst_files_v1) AS u
