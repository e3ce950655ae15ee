-- One row per method name that symtable reports for a class scope. Key: scope_id, method_name.
-- Source: symtable_scopes.class_methods.
SELECT file_id, path, scope_id, scope_name, method_name
FROM (
  SELECT file_id, path, scope_id, scope_name, unnest(class_methods) AS method_name
  FROM symtable_scopes
  WHERE scope_type = 'CLASS'
) AS u
