-- One row per member that a class makes itself. Key: class_id, name, node. Source: the bindings of
-- the class scope (node `B:` binding) and attributes stored on the first parameter of its methods
-- (node `A:` class and attribute).
SELECT d.def_id AS class_id, b.source_name AS name, concat('B:', b.binding_id) AS node
FROM cst_defs AS d
JOIN symtable_bindings AS b ON b.scope_id = d.own_scope_id
WHERE d.kind = 'class' AND b.declared_here
UNION ALL
SELECT DISTINCT m.class_id, r.attribute AS name,
  concat('A:', m.class_id, '.', r.attribute) AS node
FROM (
  SELECT scope_id, split_part(ref_text, '.', 1) AS receiver_name,
    split_part(ref_text, '.', 2) AS attribute
  FROM cst_refs
  WHERE ref_kind = 'attribute' AND expr_ctx = 'Store' AND value_path IS NOT NULL
    AND strpos(ref_text, '.') > 0 AND split_part(ref_text, '.', 3) = ''
) AS r
JOIN python_methods AS m ON m.own_scope_id = r.scope_id AND m.first_param = r.receiver_name
WHERE m.receiver <> 'none'
