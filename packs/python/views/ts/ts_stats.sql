-- One row per parsed file: counters of its concrete tree. Key: file_id.
-- Source: tree_sitter_files_v1.stats. No clock values: they would differ from run to run.
SELECT
  file_id, path,
  stats['node_count'] AS node_count,
  stats['named_count'] AS named_count,
  stats['error_count'] AS error_count,
  stats['missing_count'] AS missing_count
FROM tree_sitter_files_v1
WHERE stats['node_count'] IS NOT NULL
