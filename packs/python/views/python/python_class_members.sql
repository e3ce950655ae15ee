-- One row per class and attribute that its instances have, inherited ones included.
-- Key: class_id, name, node. Source: python_own_members along python_class_mro; the first class in
-- the order that makes the name wins. Only names that some access path looks up.
SELECT class_id, name, node, mro_place
FROM (
  SELECT m.class_id, o.name, o.node, m.mro_place,
    rank() OVER (PARTITION BY m.class_id, o.name ORDER BY m.mro_place) AS place
  FROM python_class_mro AS m
  JOIN python_own_members AS o ON o.class_id = m.ancestor_id
  JOIN python_attribute_names AS a ON a.name = o.name
) AS ranked
WHERE place = 1
