-- The part of the flow rules (see python_flow_rules) that plain names need: references to outer
-- scopes, definitions, imports, members of modules and of classes. Key: src, op, dst, push.
SELECT concat('B:', binding_id) AS src, '' AS op, concat('B:', outer_binding_id) AS dst,
  '' AS push, 0 AS rank
FROM symtable_binding_resolutions
UNION ALL
SELECT concat('B:', s.binding_id) AS src, '' AS op, concat('D:', s.def_id) AS dst,
  '' AS push, 0 AS rank
FROM symtable_def_sites AS s
JOIN cst_defs AS d ON d.def_id = s.def_id
WHERE d.decorator_paths IS NULL
  OR NOT regexp_like(
    concat(chr(10), d.decorator_paths),
    '[\n.](property|cached_property|setter|getter|deleter|overload)(\(\))?(\n|$)')
UNION ALL
SELECT concat('B:', scope_id, ':BIND:', bound_name) AS src, '' AS op,
  concat('M:', module_key) AS dst,
  CASE WHEN member IS NULL THEN '' ELSE concat('.', member) END AS push, 1 AS rank
FROM python_import_targets
WHERE NOT is_star
UNION ALL
SELECT concat('M:', module_key) AS src, concat('.', name) AS op, node AS dst, '' AS push, 1 AS rank
FROM python_module_members
UNION ALL
SELECT concat('B:', b.binding_id) AS src, '' AS op, m.node AS dst, '' AS push, 1 AS rank
FROM symtable_bindings AS b
JOIN python_modules AS f ON f.file_id = b.file_id
JOIN python_module_members AS m ON m.module_key = f.module_key AND m.name = b.name
WHERE b.binding_kind = 'global_ref' AND m.via_star
UNION ALL
SELECT concat('D:', d.def_id) AS src, concat('.', b.source_name) AS op,
  concat('B:', b.binding_id) AS dst, '' AS push, 3 AS rank
FROM cst_defs AS d
JOIN symtable_bindings AS b ON b.scope_id = d.own_scope_id
WHERE d.kind = 'class' AND b.declared_here
