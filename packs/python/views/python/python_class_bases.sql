-- One row per base class that is found in the repository. Key: class_id, base_index, base_id.
-- Source: cst_defs.base_paths, followed through python_name_rules from the scope of the class.
WITH RECURSIVE bases AS (
  SELECT class_id, scope_id, base_index, split_part(base_paths, chr(10), CAST(base_index AS INT))
    AS base_path
  FROM (
    SELECT def_id AS class_id, scope_id, base_paths,
      unnest(range(1, CAST(cardinality(string_to_array(base_paths, chr(10))) AS BIGINT) + 1))
        AS base_index
    FROM cst_defs
    WHERE kind = 'class' AND base_paths IS NOT NULL
  ) AS u
),
base_walk AS (
  SELECT class_id, base_index,
    concat('B:', scope_id, ':BIND:', split_part(split_part(base_path, '.', 1), '(', 1)) AS node,
    substr(base_path, strpos(concat(translate(base_path, '(', '.'), '.'), '.')) AS path
  FROM bases
  WHERE base_path <> '' AND strpos(base_path, '(') = 0
  UNION
  SELECT w.class_id, w.base_index, r.dst AS node,
    concat(r.push, substr(w.path, char_length(r.op) + 1)) AS path
  FROM (
    SELECT class_id, base_index, node, path,
      unnest(make_array('', concat('.', split_part(substr(path, 2), '.', 1)))) AS try_op
    FROM base_walk
    WHERE char_length(path) < 200
  ) AS w
  JOIN python_name_rules AS r ON r.src = w.node AND r.op = w.try_op
)
SELECT DISTINCT w.class_id, w.base_index, d.def_id AS base_id
FROM base_walk AS w
JOIN cst_defs AS d ON concat('D:', d.def_id) = w.node
WHERE w.path = '' AND d.kind = 'class' AND d.def_id <> w.class_id
