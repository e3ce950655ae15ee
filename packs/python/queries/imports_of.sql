-- What the module named $module imports, and who imports it: one row per importing file and module
-- of the repository. $module is any name by which the module can be imported.
WITH wanted AS (
  SELECT DISTINCT module_key FROM python_module_names WHERE module_name = $module
),
links AS (
  SELECT DISTINCT t.path AS importer, f.module_key AS importer_key,
    coalesce(sub.module_key, t.module_key) AS imported_key
  FROM python_import_targets AS t
  JOIN python_modules AS f ON f.file_id = t.file_id
  LEFT JOIN python_modules AS sub
    ON sub.module_key = ltrim(concat(t.module_key, '/', t.member), '/')
)
SELECT l.importer, replace(l.imported_key, '/', '.') AS imported,
  CASE WHEN o.module_key IS NOT NULL THEN 'imports' ELSE 'imported by' END AS direction
FROM links AS l
LEFT JOIN wanted AS o ON o.module_key = l.importer_key
LEFT JOIN wanted AS i ON i.module_key = l.imported_key
WHERE o.module_key IS NOT NULL OR i.module_key IS NOT NULL
ORDER BY direction, importer, imported
