-- One row per name in a scope, with symtable's flags. Key: sym_symbol_id (scope_id, symbol_name).
-- Source: symtable_files_v1.blocks.symbols; the scope's own columns ride along, so that the
-- binding view needs no join.
SELECT
  file_id, path, table_id, parent_table_id, scope_id, scope_type, scope_name, scope_lineno,
  qualpath,
  s['name'] AS symbol_name,
  stable_id_parts('sym_symbol', scope_id, s['name']) AS sym_symbol_id,
  s['namespace_count'] AS namespace_count,
  s['namespace_block_ids'] AS namespace_block_ids,
  coalesce(s['flags']['is_referenced'], FALSE) AS is_referenced,
  coalesce(s['flags']['is_imported'], FALSE) AS is_imported,
  coalesce(s['flags']['is_parameter'], FALSE) AS is_parameter,
  coalesce(s['flags']['is_type_parameter'], FALSE) AS is_type_parameter,
  coalesce(s['flags']['is_global'], FALSE) AS is_global,
  coalesce(s['flags']['is_nonlocal'], FALSE) AS is_nonlocal,
  coalesce(s['flags']['is_declared_global'], FALSE) AS is_declared_global,
  coalesce(s['flags']['is_local'], FALSE) AS is_local,
  coalesce(s['flags']['is_annotated'], FALSE) AS is_annotated,
  coalesce(s['flags']['is_free'], FALSE) AS is_free,
  coalesce(s['flags']['is_assigned'], FALSE) AS is_assigned,
  coalesce(s['flags']['is_namespace'], FALSE) AS is_namespace,
  s['attrs'] AS attrs
FROM (
  SELECT
    file_id, path,
    b['block_id'] AS table_id,
    b['parent_block_id'] AS parent_table_id,
    b['scope_id'] AS scope_id,
    b['block_type'] AS scope_type,
    b['name'] AS scope_name,
    b['lineno1'] AS scope_lineno,
    b['qualpath'] AS qualpath,
    unnest(b['symbols']) AS s
  FROM (SELECT file_id, path, unnest(blocks) AS b FROM symtable_files_v1) AS blocks
) AS symbols
