-- One row per call site and definition or instance that its callee can denote. Key: call_id, node.
-- Source: cst_callsites followed through python_flow_rules from the scope of the call. Distinct
-- states and bounds (path length, 4 steps through values) make the recursion end, and soon.
WITH RECURSIVE call_walk AS (
  SELECT call_id,
    concat('B:', scope_id, ':BIND:', split_part(translate(callee_path, '(', '.'), '.', 1)) AS node,
    substr(callee_path, strpos(concat(translate(callee_path, '(', '.'), '.'), '.')) AS path,
    0 AS rank, 0 AS hops
  FROM cst_callsites
  WHERE callee_path IS NOT NULL AND scope_id IS NOT NULL
  UNION
  SELECT w.call_id, r.dst AS node, concat(r.push, substr(w.path, char_length(r.op) + 1)) AS path,
    CASE WHEN r.rank > w.rank THEN r.rank ELSE w.rank END AS rank,
    CASE WHEN r.rank >= 7 THEN w.hops + 1 ELSE w.hops END AS hops
  FROM (
    SELECT call_id, node, path, rank, hops,
      unnest(make_array(
        '',
        CASE WHEN starts_with(path, '()') THEN '()'
          ELSE concat('.', split_part(translate(substr(path, 2), '(', '.'), '.', 1)) END)) AS try_op
    FROM call_walk
    WHERE char_length(path) < 100
  ) AS w
  JOIN python_flow_rules AS r ON r.src = w.node AND r.op = w.try_op
  WHERE r.rank < 7 OR w.hops < 4
)
SELECT call_id, node, min(rank) AS rank
FROM call_walk
WHERE path = '' AND (starts_with(node, 'D:') OR starts_with(node, 'I:'))
GROUP BY call_id, node
