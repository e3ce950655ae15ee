-- One row per function defined directly in a class. Key: method_id. Source: cst_defs, self join on
-- the class's own scope. receiver says what the first parameter is: an instance, the class, none.
SELECT
  m.def_id AS method_id, c.def_id AS class_id, m.file_id, m.path, m.name, m.own_scope_id,
  m.scope_id AS class_scope_id,
  split_part(m.param_names, chr(10), 1) AS first_param,
  CASE
    WHEN regexp_like(concat(chr(10), coalesce(m.decorator_paths, '')), '[\n.]staticmethod(\n|$)')
      THEN 'none'
    WHEN m.name IN ('__new__', '__init_subclass__', '__class_getitem__')
      OR regexp_like(concat(chr(10), coalesce(m.decorator_paths, '')), '[\n.]classmethod(\n|$)')
      THEN 'class'
    ELSE 'instance'
  END AS receiver
FROM cst_defs AS m
JOIN cst_defs AS c ON c.own_scope_id = m.scope_id
WHERE c.kind = 'class' AND m.kind IN ('function', 'async_function')
