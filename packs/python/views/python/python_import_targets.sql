-- One row per imported alias that leads to a module of the repository. Key: import_id.
-- Source: cst_imports, python_modules, python_module_names. module_key is the module named;
-- member the name taken from it (null: the module itself); bound_name what the alias binds.
-- Of several modules of one name the one under the deepest root above the importer wins.
WITH wanted AS (
  SELECT
    import_id, file_id, path, scope_id, is_star,
    kind LIKE '%from%' AS is_from,
    relative_level,
    CASE WHEN kind LIKE '%from%' THEN module
      WHEN asname IS NULL THEN split_part(name, '.', 1) ELSE name END AS module_name,
    CASE WHEN kind LIKE '%from%' AND NOT is_star THEN name END AS member,
    CASE WHEN is_star THEN NULL
      WHEN asname IS NOT NULL THEN asname ELSE split_part(name, '.', 1) END AS bound_name,
    string_to_array(path, '/') AS parts
  FROM cst_imports
),
relative AS (
  SELECT *,
    ltrim(concat(
      array_to_string(array_slice(parts, 1, CAST(cardinality(parts) AS BIGINT) - relative_level),
                      '/'),
      '/', replace(coalesce(module_name, ''), '.', '/')), '/') AS raw_key
  FROM wanted
  WHERE relative_level > 0 AND relative_level <= CAST(cardinality(parts) AS BIGINT)
),
absolute AS (
  SELECT w.*, n.module_key,
    row_number() OVER (
      PARTITION BY w.import_id
      ORDER BY
        CASE WHEN n.root = '' OR starts_with(w.path, concat(n.root, '/')) THEN 0 ELSE 1 END,
        n.is_namespace, n.depth DESC, n.module_key) AS place
  FROM wanted AS w
  JOIN python_module_names AS n ON n.module_name = w.module_name
  WHERE w.relative_level = 0
    AND (n.root = '' OR starts_with(w.path, concat(n.root, '/')) OR n.top_is_package)
)
SELECT a.import_id, a.file_id, a.path, a.scope_id, a.bound_name, a.module_key, a.member, a.is_star
FROM absolute AS a
WHERE a.place = 1
UNION ALL
SELECT r.import_id, r.file_id, r.path, r.scope_id, r.bound_name, m.module_key, r.member, r.is_star
FROM relative AS r
JOIN python_modules AS m ON m.module_key = rtrim(r.raw_key, '/')
