-- The twenty largest classes by lines, with their methods counted.
SELECT d.def_fqn AS class_name, d.path,
  a.lineno AS line,
  a.end_lineno - a.lineno + 1 AS lines,
  count(m.method_id) AS methods
FROM cst_defs AS d
JOIN ast_defs AS a ON a.file_id = d.file_id AND a.bstart = d.def_bstart AND a.bend = d.def_bend
LEFT JOIN python_methods AS m ON m.class_id = d.def_id
WHERE d.kind = 'class' AND a.kind = 'ClassDef'
GROUP BY d.def_id, d.def_fqn, d.path, a.lineno, a.end_lineno
ORDER BY lines DESC, class_name, d.path, line
LIMIT 20
