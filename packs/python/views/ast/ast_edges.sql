-- One row per parent-to-child link of the AST. Key: file_id, src, dst. Source: ast_files_v1.edges.
-- slot is the field name in the parent, idx the place in a list field.
SELECT
  file_id, path,
  e['src'] AS src,
  e['dst'] AS dst,
  e['kind'] AS kind,
  e['slot'] AS slot,
  e['idx'] AS idx,
  e['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(edges) AS e FROM ast_files_v1) AS u
