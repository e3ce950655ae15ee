-- One row per scope that CPython's symtable reports. Key: scope_id (also file_id, table_id).
-- Source: symtable_files_v1.blocks.
SELECT
  file_id, path,
  b['block_id'] AS table_id,
  b['parent_block_id'] AS parent_table_id,
  b['block_type'] AS scope_type,
  b['scope_type_value'] AS scope_type_value,
  b['is_meta_scope'] AS is_meta_scope,
  b['name'] AS scope_name,
  b['lineno1'] AS lineno,
  b['scope_id'] AS scope_id,
  b['scope_local_id'] AS scope_local_id,
  b['qualpath'] AS qualpath,
  b['function_partitions'] AS function_partitions,
  b['class_methods'] AS class_methods,
  b['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(blocks) AS b FROM symtable_files_v1) AS u
