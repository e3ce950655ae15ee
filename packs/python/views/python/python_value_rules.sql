-- Flow rules (see python_flow_rules) of values: assignments, stored attributes, return values, the
-- receiver of a method. Key: src, op, dst, push. Source: the access paths in cst_refs and cst_defs.
-- A name that is assigned in more than 8 places says nothing and is left out.
WITH assigned AS (
  SELECT scope_id, ref_kind, ref_text, symbol_name, value_path,
    split_part(translate(value_path, '(', '.'), '.', 1) AS root,
    count(*) OVER (PARTITION BY scope_id, ref_kind, ref_text) AS places
  FROM cst_refs
  WHERE expr_ctx = 'Store' AND value_path IS NOT NULL
),
returned AS (
  SELECT def_id, scope_id, own_scope_id, name, return_path, is_property,
    split_part(translate(return_path, '(', '.'), '.', 1) AS root
  FROM (
    SELECT def_id, scope_id, own_scope_id, name,
      regexp_like(concat(chr(10), coalesce(decorator_paths, '')),
                  '[\n.](property|cached_property)(\(\))?(\n|$)') AS is_property,
      unnest(string_to_array(return_paths, chr(10))) AS return_path
    FROM cst_defs
    WHERE return_paths IS NOT NULL AND own_scope_id IS NOT NULL
  ) AS u
  WHERE return_path <> ''
)
SELECT concat('B:', scope_id, ':BIND:', symbol_name) AS src, '' AS op,
  concat('B:', scope_id, ':BIND:', root) AS dst,
  substr(value_path, char_length(root) + 1) AS push, 7 AS rank
FROM assigned
WHERE ref_kind = 'name' AND places <= 8
UNION ALL
SELECT concat('A:', m.class_id, '.', split_part(a.ref_text, '.', 2)) AS src, '' AS op,
  concat('B:', a.scope_id, ':BIND:', a.root) AS dst,
  substr(a.value_path, char_length(a.root) + 1) AS push, 7 AS rank
FROM assigned AS a
JOIN python_methods AS m
  ON m.own_scope_id = a.scope_id AND m.first_param = split_part(a.ref_text, '.', 1)
WHERE a.ref_kind = 'attribute' AND a.places <= 8 AND m.receiver <> 'none'
  AND strpos(a.ref_text, '.') > 0 AND split_part(a.ref_text, '.', 3) = ''
UNION ALL
SELECT CASE WHEN is_property THEN concat('B:', scope_id, ':BIND:', name)
    ELSE concat('D:', def_id) END AS src,
  CASE WHEN is_property THEN '' ELSE '()' END AS op,
  concat('B:', own_scope_id, ':BIND:', root) AS dst,
  substr(return_path, char_length(root) + 1) AS push, 8 AS rank
FROM returned
UNION ALL
SELECT concat('B:', own_scope_id, ':BIND:', first_param) AS src, '' AS op,
  concat(CASE receiver WHEN 'class' THEN 'D:' ELSE 'I:' END, class_id) AS dst,
  '' AS push, 4 AS rank
FROM python_methods
WHERE receiver <> 'none' AND first_param <> ''
