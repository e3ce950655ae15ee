-- One row per name that a module holds. Key: module_key, name, node. Source: module-scope bindings,
-- submodules, and the public names that star imports bring in (closed over chains of them).
-- node is a state of the flow (see python_flow_rules): `B:` a binding, `M:` a module.
WITH RECURSIVE module_scopes AS (
  SELECT m.module_key, s.scope_id
  FROM python_modules AS m
  JOIN symtable_scopes AS s ON s.file_id = m.file_id
  WHERE s.scope_type = 'MODULE'
),
declared AS (
  SELECT m.module_key, b.name, b.binding_id
  FROM symtable_bindings AS b
  JOIN python_modules AS m ON m.file_id = b.file_id
  WHERE b.scope_type = 'MODULE' AND b.declared_here
    AND b.binding_kind NOT IN ('global_ref', 'free_ref', 'nonlocal_ref')
),
stars AS (
  SELECT DISTINCT m.module_key AS importer, t.module_key AS source
  FROM python_import_targets AS t
  JOIN module_scopes AS m ON m.scope_id = t.scope_id
  WHERE t.is_star AND t.module_key <> m.module_key
),
star_closure AS (
  SELECT importer, source FROM stars
  UNION
  SELECT c.importer, s.source
  FROM star_closure AS c
  JOIN stars AS s ON s.importer = c.source
  WHERE s.source <> c.importer
)
SELECT module_key, name, concat('B:', binding_id) AS node, FALSE AS via_star FROM declared
UNION ALL
SELECT
  CASE WHEN strpos(module_key, '/') = 0 THEN ''
    ELSE regexp_replace(module_key, '/[^/]*$', '') END AS module_key,
  regexp_replace(module_key, '^.*/', '') AS name,
  concat('M:', module_key) AS node,
  FALSE AS via_star
FROM python_modules
WHERE module_key <> ''
UNION ALL
SELECT c.importer AS module_key, d.name, concat('B:', d.binding_id) AS node, TRUE AS via_star
FROM star_closure AS c
JOIN declared AS d ON d.module_key = c.source
LEFT JOIN declared AS own ON own.module_key = c.importer AND own.name = d.name
WHERE own.name IS NULL AND NOT starts_with(d.name, '_')
