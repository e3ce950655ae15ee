-- One row per attribute name that some access path looks up. Key: name. Source: the path columns of
-- cst_callsites, cst_refs and cst_defs. It limits the inherited-member table to what is asked for.
SELECT '__init__' AS name
UNION
SELECT '__call__' AS name
UNION
SELECT name
FROM (
  SELECT unnest(array_slice(string_to_array(translate(access_path, '()', ''), '.'), 2, 64)) AS name
  FROM (
    SELECT callee_path AS access_path FROM cst_callsites WHERE strpos(callee_path, '.') > 0
    UNION ALL
    SELECT value_path AS access_path FROM cst_refs WHERE strpos(value_path, '.') > 0
    UNION ALL
    SELECT unnest(string_to_array(return_paths, chr(10))) AS access_path FROM cst_defs
    WHERE strpos(return_paths, '.') > 0
    UNION ALL
    SELECT unnest(string_to_array(arg_paths, chr(10))) AS access_path FROM cst_callsites
    WHERE strpos(arg_paths, '.') > 0
  ) AS paths
) AS names
WHERE name <> ''
