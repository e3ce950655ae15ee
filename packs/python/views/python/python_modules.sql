-- One row per module of the repository. Key: module_key (the path without `.py` or `/__init__.py`).
-- Source: repo_files_v1. A folder that holds Python files but no `__init__.py` is a namespace
-- module (file_id null); of `a.py` and `a/__init__.py` the package wins, as in Python.
WITH files AS (
  SELECT
    file_id, path,
    CASE WHEN path = '__init__.py' THEN ''
      ELSE regexp_replace(path, '(/__init__)?\.py$', '') END AS module_key,
    path = '__init__.py' OR ends_with(path, '/__init__.py') AS is_package
  FROM repo_files_v1
  WHERE ends_with(path, '.py')
),
folders AS (
  SELECT DISTINCT array_to_string(array_slice(parts, 1, n), '/') AS module_key
  FROM (
    SELECT parts, unnest(range(0, CAST(cardinality(parts) AS BIGINT))) AS n
    FROM (SELECT string_to_array(path, '/') AS parts FROM files) AS p
  ) AS q
),
candidates AS (
  SELECT module_key, file_id, path, is_package,
    CASE WHEN is_package THEN 0 ELSE 1 END AS preference FROM files
  UNION ALL
  SELECT module_key, CAST(NULL AS VARCHAR) AS file_id, CAST(NULL AS VARCHAR) AS path,
    FALSE AS is_package, 2 AS preference FROM folders
)
SELECT module_key, file_id, path, is_package, preference = 2 AS is_namespace
FROM (
  SELECT *, row_number() OVER (PARTITION BY module_key ORDER BY preference, path) AS place
  FROM candidates
) AS ranked
WHERE place = 1
