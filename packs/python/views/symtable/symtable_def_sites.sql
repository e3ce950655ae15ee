-- One row per definition and the binding that its name makes. Key: def_site_id.
-- Source: symtable_bindings joined to cst_defs on the exact scope and the name.
SELECT
  stable_id_parts('py_def_site', b.binding_id, coalesce(d.name_bstart, d.def_bstart),
                  coalesce(d.name_bend, d.def_bend)) AS def_site_id,
  b.binding_id, b.scope_id, b.file_id, b.path, d.name, d.def_id,
  CASE
    WHEN d.kind = 'class' THEN 'class'
    WHEN d.kind IN ('function', 'async_function') THEN 'function'
    ELSE 'other'
  END AS def_site_kind,
  coalesce(d.name_bstart, d.def_bstart) AS bstart,
  coalesce(d.name_bend, d.def_bend) AS bend,
  CASE WHEN d.name_bstart IS NULL THEN CAST(0.85 AS DOUBLE) ELSE CAST(0.95 AS DOUBLE) END
    AS anchor_confidence,
  CASE WHEN d.name_bstart IS NULL THEN 'cst_def_span' ELSE 'cst_name_span' END AS anchor_reason,
  d.def_id AS ambiguity_group_id
FROM symtable_bindings AS b
JOIN cst_defs AS d ON d.scope_id = b.scope_id AND d.name = b.source_name
WHERE b.declared_here
