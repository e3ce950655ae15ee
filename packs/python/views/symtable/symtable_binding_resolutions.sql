-- One row per reference that leaves its scope. Key: binding_id. Source: symtable_bindings.
-- global_ref: the name in the file's module scope. free_ref and nonlocal_ref: the nearest enclosing
-- scope that binds the name. Class scopes are passed over, as Python does; a scope that only
-- refers on (free, nonlocal, global) binds nothing.
WITH RECURSIVE free_climb AS (
  SELECT b.binding_id, b.name, b.file_id, b.parent_table_id AS table_id, 1 AS depth
  FROM symtable_bindings AS b
  WHERE b.binding_kind IN ('free_ref', 'nonlocal_ref')
  UNION ALL
  SELECT c.binding_id, c.name, c.file_id, s.parent_table_id AS table_id, c.depth + 1 AS depth
  FROM free_climb AS c
  JOIN symtable_scopes AS s ON s.file_id = c.file_id AND s.table_id = c.table_id
  WHERE c.depth < 64 AND s.parent_table_id IS NOT NULL
),
outer_bindings AS (
  SELECT binding_id, name, file_id, table_id, scope_type
  FROM symtable_bindings
  WHERE declared_here AND scope_type <> 'CLASS'
    AND binding_kind NOT IN ('free_ref', 'nonlocal_ref', 'global_ref')
),
nearest AS (
  SELECT
    c.binding_id, o.binding_id AS outer_binding_id,
    row_number() OVER (PARTITION BY c.binding_id ORDER BY c.depth, o.binding_id) AS place
  FROM free_climb AS c
  JOIN outer_bindings AS o
    ON o.file_id = c.file_id AND o.table_id = c.table_id AND o.name = c.name
  WHERE o.scope_type <> 'MODULE'
)
SELECT
  b.binding_id, n.outer_binding_id,
  CASE b.binding_kind WHEN 'nonlocal_ref' THEN 'NONLOCAL' ELSE 'FREE' END AS kind,
  CASE b.binding_kind WHEN 'nonlocal_ref' THEN 'enclosing_scope'
    ELSE 'enclosing_or_module_scope' END AS reason,
  CASE b.binding_kind WHEN 'nonlocal_ref' THEN CAST(0.85 AS DOUBLE)
    ELSE CAST(0.75 AS DOUBLE) END AS confidence,
  b.file_id, b.path,
  concat(b.binding_id, CASE b.binding_kind WHEN 'nonlocal_ref' THEN ':NONLOCAL' ELSE ':FREE' END)
    AS ambiguity_group_id
FROM symtable_bindings AS b
JOIN nearest AS n ON n.binding_id = b.binding_id AND n.place = 1
UNION ALL
SELECT
  b.binding_id, m.binding_id AS outer_binding_id,
  'GLOBAL' AS kind, 'module_scope' AS reason, CAST(0.9 AS DOUBLE) AS confidence,
  b.file_id, b.path,
  concat(b.binding_id, ':GLOBAL') AS ambiguity_group_id
FROM symtable_bindings AS b
JOIN symtable_bindings AS m ON m.file_id = b.file_id AND m.name = b.name
WHERE b.binding_kind = 'global_ref' AND b.scope_type <> 'MODULE'
  AND m.scope_type = 'MODULE' AND m.declared_here
