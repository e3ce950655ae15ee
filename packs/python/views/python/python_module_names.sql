-- One row per dotted name by which a module can be imported. Key: module_name, module_key.
-- Source: python_modules. A name starts below an import root: any folder above the module that is
-- not a package, or the repository itself. Roots deep in the tree are import roots for the files
-- below them; for others only when what they hold is a package (see python_import_targets).
WITH parts AS (
  SELECT module_key, is_namespace, string_to_array(module_key, '/') AS parts
  FROM python_modules
  WHERE module_key <> ''
),
roots AS (
  SELECT module_key, is_namespace, depth,
    array_to_string(array_slice(parts, 1, depth), '/') AS root,
    array_to_string(array_slice(parts, depth + 1, CAST(cardinality(parts) AS BIGINT)), '.')
      AS module_name,
    array_to_string(array_slice(parts, 1, depth + 1), '/') AS top_key
  FROM (
    SELECT module_key, is_namespace, parts,
      unnest(range(0, CAST(cardinality(parts) AS BIGINT))) AS depth
    FROM parts
  ) AS p
)
SELECT r.module_name, r.module_key, r.root, r.depth, r.is_namespace,
  coalesce(t.is_package, FALSE) AS top_is_package
FROM roots AS r
LEFT JOIN python_modules AS m ON m.module_key = r.root
LEFT JOIN python_modules AS t ON t.module_key = r.top_key
WHERE r.depth = 0 OR NOT coalesce(m.is_package, FALSE)
