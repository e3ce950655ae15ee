-- One row per name or attribute reference. Key: ref_id (file_id, bstart, bend).
-- Source: libcst_files_v1.refs. scope_id is the symtable scope in which the name is evaluated,
-- symbol_name the name as symtable knows it (mangled when private), value_path the access path of
-- what a stored name is assigned. span_ordinal keeps ids unique where references share a span
-- (positions inside f-strings are not exact before Python 3.12); the extractor counts: a
-- window over all references of a repository takes far longer than making the rows.
SELECT
  CASE WHEN span_ordinal = 1 THEN stable_id_parts('cst_ref', file_id, bstart, bend)
    ELSE stable_id_parts('cst_ref', file_id, bstart, bend, span_ordinal) END AS ref_id,
  file_id, path, ref_kind, ref_text, expr_ctx, scope_type, scope_name, scope_role, parent_kind,
  inferred_type, bstart, bend, span_ordinal,
  attrs['scope_id'] AS scope_id,
  coalesce(attrs['mangled_name'], ref_text) AS symbol_name,
  attrs['value_path'] AS value_path,
  attrs
FROM (
  SELECT
    file_id, path,
    r['ref_kind'] AS ref_kind,
    r['ref_text'] AS ref_text,
    r['expr_ctx'] AS expr_ctx,
    r['scope_type'] AS scope_type,
    r['scope_name'] AS scope_name,
    r['scope_role'] AS scope_role,
    r['parent_kind'] AS parent_kind,
    r['inferred_type'] AS inferred_type,
    r['bstart'] AS bstart,
    r['bend'] AS bend,
    r['attrs'] AS attrs,
    coalesce(CAST(r['attrs']['span_ordinal'] AS BIGINT), 1) AS span_ordinal
  FROM (SELECT file_id, path, unnest(refs) AS r FROM libcst_files_v1) AS u
) AS numbered
