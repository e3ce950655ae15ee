-- One row per use of a name and the binding of the scope in which it is evaluated.
-- Key: use_site_id. Source: symtable_bindings joined to cst_refs on the exact scope and the name.
SELECT
  CASE WHEN r.span_ordinal = 1 THEN stable_id_parts('py_use_site', b.binding_id, r.bstart, r.bend)
    ELSE stable_id_parts('py_use_site', b.binding_id, r.bstart, r.bend, r.span_ordinal)
  END AS use_site_id,
  b.binding_id, b.scope_id, b.file_id, b.path, b.name, r.ref_id,
  CASE r.expr_ctx WHEN 'Store' THEN 'write' WHEN 'Del' THEN 'del' ELSE 'read' END AS use_kind,
  r.bstart, r.bend,
  CAST(0.85 AS DOUBLE) AS anchor_confidence,
  'cst_ref' AS anchor_reason,
  r.ref_id AS ambiguity_group_id
FROM symtable_bindings AS b
JOIN cst_refs AS r ON r.scope_id = b.scope_id AND r.symbol_name = b.name
WHERE r.ref_kind = 'name'
