-- One row per call site and definition that it calls. Key: call_id, def_id. Source:
-- python_call_flow; a call of a class calls the class and its `__init__`, a call of an instance its
-- `__call__`. What nothing resolves falls back to a unique name (python_unique_method_calls).
-- confidence is that of resolution_method, divided by the number of candidates of the call.
WITH methods_found AS (
  SELECT c.class_id, c.name, s.def_id
  FROM python_class_members AS c
  JOIN symtable_def_sites AS s ON concat('B:', s.binding_id) = c.node
  WHERE c.name IN ('__init__', '__call__')
),
found AS (
  SELECT f.call_id, d.def_id, d.kind = 'class' AS is_class, f.rank, FALSE AS is_init
  FROM python_call_flow AS f
  JOIN cst_defs AS d ON concat('D:', d.def_id) = f.node
  UNION ALL
  SELECT f.call_id, m.def_id, FALSE AS is_class, f.rank, TRUE AS is_init
  FROM python_call_flow AS f
  JOIN methods_found AS m ON concat('D:', m.class_id) = f.node
  WHERE m.name = '__init__'
  UNION ALL
  SELECT f.call_id, m.def_id, FALSE AS is_class, f.rank, FALSE AS is_init
  FROM python_call_flow AS f
  JOIN methods_found AS m ON concat('I:', m.class_id) = f.node
  WHERE m.name = '__call__'
  UNION ALL
  SELECT call_id, def_id, FALSE AS is_class, 10 AS rank, FALSE AS is_init
  FROM python_unique_method_calls
),
best AS (
  SELECT call_id, def_id, bool_or(is_class) AS is_class, bool_or(is_init) AS is_init,
    min(rank) AS rank
  FROM found
  GROUP BY call_id, def_id
),
counted AS (
  SELECT *, count(*) OVER (PARTITION BY call_id, is_init) AS candidates
  FROM best
)
SELECT c.call_id, c.def_id, s.file_id, s.path, s.call_bstart, s.call_bend, s.scope_id,
  c.is_class, c.candidates,
  CASE
    WHEN c.is_class OR c.is_init THEN 'CONSTRUCTOR'
    WHEN c.rank = 0 THEN 'LOCAL_NAME'
    WHEN c.rank = 1 AND strpos(s.callee_path, '.') > 0 THEN 'MODULE_ATTRIBUTE'
    WHEN c.rank = 1 THEN 'IMPORTED_NAME'
    WHEN c.rank = 3 THEN 'CLASS_ATTRIBUTE'
    WHEN c.rank = 4 THEN 'SELF_METHOD'
    WHEN c.rank = 5 THEN 'SUPER_METHOD'
    WHEN c.rank = 6 THEN 'INSTANCE_METHOD'
    WHEN c.rank = 7 THEN 'ASSIGNED_VALUE'
    WHEN c.rank = 8 THEN 'RETURNED_VALUE'
    WHEN c.rank = 9 THEN 'ARGUMENT_VALUE'
    ELSE 'UNIQUE_METHOD_NAME'
  END AS resolution_method,
  CASE
    WHEN c.rank = 0 THEN CAST(0.95 AS DOUBLE)
    WHEN c.rank = 1 THEN CAST(0.9 AS DOUBLE)
    WHEN c.rank IN (3, 4) THEN CAST(0.9 AS DOUBLE)
    WHEN c.rank = 5 THEN CAST(0.85 AS DOUBLE)
    WHEN c.rank = 6 THEN CAST(0.8 AS DOUBLE)
    WHEN c.rank = 7 THEN CAST(0.7 AS DOUBLE)
    WHEN c.rank = 8 THEN CAST(0.6 AS DOUBLE)
    WHEN c.rank = 9 THEN CAST(0.5 AS DOUBLE)
    ELSE CAST(0.3 AS DOUBLE)
  END / CAST(c.candidates AS DOUBLE) AS confidence
FROM counted AS c
JOIN cst_callsites AS s ON s.call_id = c.call_id
