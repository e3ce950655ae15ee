-- The rules by which an access path is followed to what it denotes. Key: src, op, dst, push, rank.
-- A state is a node and a rest path of look-ups (`.name`) and calls (`()`). Nodes: `B:` a binding,
-- `D:` a definition, `I:` an instance of a class, `S:` super() of a class, `M:` a module, `A:` an
-- attribute of instances. A rule takes op off the front of the path (or nothing), puts push before
-- it and goes to dst. rank says how far the step is to be trusted; the highest of a path counts.
SELECT DISTINCT src, op, dst, push, rank
FROM (
  SELECT src, op, dst, push, rank FROM python_name_rules
  UNION ALL
  SELECT src, op, dst, push, rank FROM python_value_rules
  UNION ALL
  SELECT src, op, dst, push, rank FROM python_class_rules
  UNION ALL
  SELECT src, op, dst, push, rank FROM python_argument_rules
) AS rules
WHERE NOT (src = dst AND push = '' AND op = '')
