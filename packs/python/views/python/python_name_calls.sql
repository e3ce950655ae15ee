-- One row per call whose callee plain names decide. Key: call_id, def_id. Source: cst_callsites
-- followed through python_name_rules. bound_params is the number of parameters filled by the call
-- itself: 1 for `__init__`, which stands in for its class here.
WITH RECURSIVE name_call_walk AS (
  SELECT call_id,
    concat('B:', scope_id, ':BIND:', split_part(callee_dotted, '.', 1)) AS node,
    substr(callee_dotted, strpos(concat(callee_dotted, '.'), '.')) AS path
  FROM cst_callsites
  WHERE callee_dotted IS NOT NULL AND arg_paths IS NOT NULL
  UNION
  SELECT w.call_id, r.dst AS node, concat(r.push, substr(w.path, char_length(r.op) + 1)) AS path
  FROM (
    SELECT call_id, node, path,
      unnest(make_array('', concat('.', split_part(substr(path, 2), '.', 1)))) AS try_op
    FROM name_call_walk
    WHERE char_length(path) < 200
  ) AS w
  JOIN python_name_rules AS r ON r.src = w.node AND r.op = w.try_op
)
SELECT w.call_id, coalesce(m.method_id, d.def_id) AS def_id,
  CASE WHEN m.method_id IS NULL THEN 0 ELSE 1 END AS bound_params
FROM name_call_walk AS w
JOIN cst_defs AS d ON concat('D:', d.def_id) = w.node
LEFT JOIN python_methods AS m ON m.class_id = d.def_id AND m.name = '__init__'
WHERE w.path = '' AND (d.kind <> 'class' OR m.method_id IS NOT NULL)
