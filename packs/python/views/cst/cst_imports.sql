-- One row per imported alias. Key: import_id (file_id, kind, alias_bstart, alias_bend).
-- Source: libcst_files_v1.imports. scope_id is the symtable scope that the alias binds in.
SELECT
  stable_id_parts('cst_import', file_id, n['kind'], n['alias_bstart'], n['alias_bend'])
    AS import_id,
  file_id, path,
  n['kind'] AS kind,
  n['module'] AS module,
  coalesce(n['relative_level'], 0) AS relative_level,
  n['name'] AS name,
  n['asname'] AS asname,
  coalesce(n['is_star'], FALSE) AS is_star,
  n['stmt_bstart'] AS stmt_bstart,
  n['stmt_bend'] AS stmt_bend,
  n['alias_bstart'] AS alias_bstart,
  n['alias_bend'] AS alias_bend,
  n['attrs']['scope_id'] AS scope_id,
  n['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(imports) AS n FROM libcst_files_v1) AS u
