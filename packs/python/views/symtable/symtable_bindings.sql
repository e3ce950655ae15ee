-- One row per name in a scope, classified. Key: binding_id (scope_id, name).
-- Source: symtable_symbols. binding_kind is the first rule that holds. CPython calls a name that is
-- bound at module level "global" too; there it is the definition, so it is not a global_ref.
-- source_name is the name as written: private names are mangled in symtable (_C__x for __x).
SELECT
  concat(scope_id, ':BIND:', symbol_name) AS binding_id,
  sym_symbol_id, file_id, path, scope_id, scope_type, scope_name, scope_lineno,
  table_id, parent_table_id,
  symbol_name AS name,
  CASE
    WHEN starts_with(symbol_name, '_') AND regexp_like(symbol_name, '^_[^_].*?__.*[^_]_?$')
      AND strpos(
        concat(regexp_replace(replace(qualpath, '#', '::'), '::_+', '::', 'g'), '::'),
        concat('::', regexp_replace(symbol_name, '^_([^_].*?)__.*$', '\1'), '::')) > 0
      THEN regexp_replace(symbol_name, '^_[^_].*?(__.*)$', '\1')
    ELSE symbol_name
  END AS source_name,
  CASE
    WHEN is_nonlocal THEN 'nonlocal_ref'
    WHEN (is_global OR is_declared_global)
      AND NOT (scope_type = 'MODULE'
               AND (is_assigned OR is_imported OR is_namespace OR is_annotated)) THEN 'global_ref'
    WHEN is_free THEN 'free_ref'
    WHEN is_parameter THEN 'param'
    WHEN is_imported THEN 'import'
    WHEN is_namespace THEN 'namespace'
    WHEN is_annotated AND NOT is_assigned THEN 'annot_only'
    ELSE 'local'
  END AS binding_kind,
  is_parameter OR is_assigned OR is_imported OR is_namespace OR is_annotated AS declared_here,
  is_referenced AS referenced_here,
  is_assigned AS assigned_here,
  is_annotated AS annotated_here,
  is_imported, is_parameter, is_namespace, is_global, is_nonlocal, is_free, is_declared_global,
  is_local, is_type_parameter
FROM symtable_symbols
