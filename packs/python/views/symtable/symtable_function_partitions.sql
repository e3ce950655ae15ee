-- One row per function scope: its names by role, as lists. Key: scope_id.
-- Source: symtable_scopes.function_partitions; parameters are in the order of the signature.
SELECT
  file_id, path, scope_id, scope_name, qualpath,
  function_partitions['parameters'] AS parameters,
  function_partitions['locals'] AS locals,
  function_partitions['globals'] AS globals,
  function_partitions['nonlocals'] AS nonlocals,
  function_partitions['frees'] AS frees
FROM symtable_scopes
WHERE scope_type = 'FUNCTION'
