-- Flow rules (see python_flow_rules) of classes: making an instance, looking up a member in the
-- order of inheritance, `super()`. Key: src, op, dst, push.
-- Source: python_class_members, python_class_mro, python_methods, cst_callsites.
WITH super_wanted AS (
  SELECT DISTINCT m.class_id,
    split_part(split_part(substr(c.callee_path, 9), '.', 1), '(', 1) AS name
  FROM cst_callsites AS c
  JOIN python_methods AS m ON m.own_scope_id = c.scope_id
  WHERE starts_with(c.callee_path, 'super().')
),
super_members AS (
  SELECT w.class_id, o.name, o.node,
    rank() OVER (PARTITION BY w.class_id, o.name ORDER BY r.mro_place) AS place
  FROM super_wanted AS w
  JOIN python_class_mro AS r ON r.class_id = w.class_id
  JOIN python_own_members AS o ON o.class_id = r.ancestor_id AND o.name = w.name
  WHERE r.mro_place > 0
)
SELECT concat('D:', def_id) AS src, '()' AS op, concat('I:', def_id) AS dst, '' AS push, 6 AS rank
FROM cst_defs
WHERE kind = 'class'
UNION ALL
SELECT concat('I:', class_id) AS src, concat('.', name) AS op, node AS dst, '' AS push, 3 AS rank
FROM python_class_members
UNION ALL
SELECT concat('D:', class_id) AS src, concat('.', name) AS op, node AS dst, '' AS push, 3 AS rank
FROM python_class_members
WHERE mro_place > 0 AND starts_with(node, 'B:')
UNION ALL
SELECT concat('B:', own_scope_id, ':BIND:super') AS src, '()' AS op,
  concat('S:', class_id) AS dst, '' AS push, 5 AS rank
FROM python_methods
UNION ALL
SELECT concat('S:', class_id) AS src, concat('.', name) AS op, node AS dst, '' AS push, 5 AS rank
FROM super_members
WHERE place = 1
