-- One row per call expression. Key: call_id (file_id, call_bstart, call_bend).
-- Source: libcst_files_v1.callsites. scope_id is the symtable scope in which the call is evaluated;
-- callee_path is the access path of the callee, such as `a.b().c`, or null when it has none;
-- arg_paths has one line `place=path` per argument that has an access path.
SELECT
  CASE WHEN span_ordinal = 1 THEN stable_id_parts('cst_call', file_id, call_bstart, call_bend)
    ELSE stable_id_parts('cst_call', file_id, call_bstart, call_bend, span_ordinal) END AS call_id,
  file_id, path, call_bstart, call_bend, callee_bstart, callee_bend, callee_shape, callee_text,
  arg_count, callee_dotted, callee_qnames, callee_fqns, inferred_type,
  attrs['scope_id'] AS scope_id,
  coalesce(attrs['callee_path'], callee_dotted) AS callee_path,
  attrs['arg_paths'] AS arg_paths,
  attrs
FROM (
  SELECT
    file_id, path,
    c['call_bstart'] AS call_bstart,
    c['call_bend'] AS call_bend,
    c['callee_bstart'] AS callee_bstart,
    c['callee_bend'] AS callee_bend,
    c['callee_shape'] AS callee_shape,
    c['callee_text'] AS callee_text,
    c['arg_count'] AS arg_count,
    c['callee_dotted'] AS callee_dotted,
    c['callee_qnames'] AS callee_qnames,
    c['callee_fqns'] AS callee_fqns,
    c['inferred_type'] AS inferred_type,
    c['attrs'] AS attrs,
    coalesce(CAST(c['attrs']['span_ordinal'] AS BIGINT), 1) AS span_ordinal
  FROM (SELECT file_id, path, unnest(callsites) AS c FROM libcst_files_v1) AS u
) AS numbered
