-- Flow rules (see python_flow_rules) of arguments: a parameter holds what calls pass for it. Only
-- for calls whose callee plain names decide (python_name_calls). Key: src, op, dst, push. A
-- parameter that is passed more than 8 different things says nothing and is left out.
WITH passed AS (
  SELECT call_id, scope_id,
    split_part(arg, '=', 1) AS place,
    substr(arg, strpos(arg, '=') + 1) AS arg_path
  FROM (
    SELECT call_id, scope_id, unnest(string_to_array(arg_paths, chr(10))) AS arg
    FROM cst_callsites
    WHERE arg_paths IS NOT NULL
  ) AS u
),
params AS (
  SELECT def_id, own_scope_id, split_part(param_names, chr(10), CAST(place AS INT)) AS param,
    CAST(place AS VARCHAR) AS place
  FROM (
    SELECT def_id, own_scope_id, param_names,
      unnest(range(1, CAST(cardinality(string_to_array(param_names, chr(10))) AS BIGINT) + 1))
        AS place
    FROM cst_defs
    WHERE param_names <> '' AND own_scope_id IS NOT NULL
  ) AS u
)
SELECT src, op, dst, push, rank
FROM (
  SELECT *, count(*) OVER (PARTITION BY src) AS places
  FROM (
    SELECT DISTINCT concat('B:', q.own_scope_id, ':BIND:', q.param) AS src, '' AS op,
      concat('B:', p.scope_id, ':BIND:',
             split_part(translate(p.arg_path, '(', '.'), '.', 1)) AS dst,
      substr(p.arg_path, strpos(concat(translate(p.arg_path, '(', '.'), '.'), '.')) AS push,
      9 AS rank
    FROM passed AS p
    JOIN python_name_calls AS c ON c.call_id = p.call_id
    JOIN params AS q ON q.def_id = c.def_id
    WHERE p.place = q.param
      OR (regexp_like(p.place, '^[0-9]+$')
          AND p.place = CAST(CAST(q.place AS INT) - 1 - c.bound_params AS VARCHAR))
  ) AS arguments
) AS counted
WHERE places <= 8
