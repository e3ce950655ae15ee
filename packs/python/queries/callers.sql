-- Who calls the functions, methods and classes named $name? One row per call site, surest first.
WITH wanted AS (
  SELECT def_id, def_fqn, stable_id_parts('node', def_id, 'CST_DEF') AS node_id
  FROM cst_defs
  WHERE name = $name
),
calls AS (
  SELECT w.def_fqn AS callee, e.path, e.bstart, e.bend, e.resolution_method, e.confidence
  FROM cpg_edges_v1 AS e
  JOIN wanted AS w ON w.node_id = e.dst_node_id
  WHERE e.edge_kind = 'CALLS'
),
enclosing AS (
  SELECT c.*, d.def_fqn AS caller,
    row_number() OVER (
      PARTITION BY c.path, c.bstart, c.bend, c.callee
      ORDER BY d.def_bend - d.def_bstart, d.def_bstart, d.def_id) AS place
  FROM calls AS c
  LEFT JOIN cst_defs AS d
    ON d.path = c.path AND d.def_bstart <= c.bstart AND d.def_bend >= c.bend
)
SELECT n.callee, coalesce(n.caller, '<module>') AS caller, n.path, l.line_no + 1 AS line,
  n.resolution_method, n.confidence
FROM enclosing AS n
LEFT JOIN file_line_index_v1 AS l
  ON l.path = n.path AND l.line_start_byte <= n.bstart AND n.bstart < l.line_end_byte
WHERE n.place = 1
ORDER BY n.confidence DESC, n.path, n.bstart, n.bend, n.callee
