-- One row per imported alias and source of evidence. Key: file_id, source, kind, module, name.
-- Source: ast_imports and cst_imports, brought to one shape.
SELECT file_id, path, 'ast' AS source, kind, module, name, asname,
  CAST(coalesce(level, 0) AS INT) AS level,
  coalesce(name = '*', FALSE) AS is_star
FROM ast_imports
UNION ALL
SELECT file_id, path, 'cst' AS source, kind, module, name, asname,
  CAST(relative_level AS INT) AS level, is_star
FROM cst_imports
