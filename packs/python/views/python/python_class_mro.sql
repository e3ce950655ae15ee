-- One row per class and class that it inherits from, itself included. Key: class_id, ancestor_id.
-- Source: cst_defs, python_class_bases. mro_place is the place in the order of look-up: depth
-- first, left to right, of repeated classes the last kept; equal to C3 for all usual hierarchies.
WITH RECURSIVE mro_climb AS (
  SELECT def_id AS class_id, def_id AS ancestor_id, '' AS place_key, 0 AS depth
  FROM cst_defs
  WHERE kind = 'class'
  UNION ALL
  SELECT c.class_id, b.base_id AS ancestor_id,
    concat(c.place_key, lpad(CAST(b.base_index AS VARCHAR), 3, '0')) AS place_key,
    c.depth + 1 AS depth
  FROM mro_climb AS c
  JOIN python_class_bases AS b ON b.class_id = c.ancestor_id
  WHERE c.depth < 12 AND b.base_id <> c.class_id
)
SELECT class_id, ancestor_id,
  row_number() OVER (PARTITION BY class_id ORDER BY place_key, ancestor_id) - 1 AS mro_place
FROM (
  SELECT class_id, ancestor_id, max(place_key) AS place_key
  FROM mro_climb
  GROUP BY class_id, ancestor_id
) AS last_places
