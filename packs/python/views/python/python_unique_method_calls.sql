-- One row per call that nothing else resolves but whose method name only one class of the
-- repository defines. Key: call_id. Source: cst_callsites, python_methods, cst_imports. Left out:
-- names that built-in types and common library objects have too, special names, and calls on a name
-- that an import in the file binds (that object is known, and it has no such method here).
WITH method_names AS (
  SELECT name, min(method_id) AS def_id
  FROM python_methods
  WHERE NOT starts_with(name, '__')
    AND name NOT IN (
      'acquire', 'add', 'all', 'any', 'append', 'cancel', 'capitalize', 'cast', 'clear', 'close',
      'commit', 'connect', 'copy', 'count', 'create', 'cursor', 'decode', 'delete', 'difference',
      'discard', 'done', 'dump', 'dumps', 'encode', 'end', 'endswith', 'execute', 'exists',
      'extend', 'fetchall', 'fetchone', 'filter', 'find', 'first', 'flush', 'format', 'get',
      'getvalue', 'group', 'groups', 'index', 'info', 'insert', 'intersection', 'isalnum',
      'isalpha', 'isdigit', 'islower', 'isoformat', 'isspace', 'items', 'join', 'keys', 'last',
      'load', 'loads', 'lock', 'log', 'lower', 'lstrip', 'match', 'mkdir', 'move', 'name', 'next',
      'open', 'parse', 'partition', 'pop', 'popitem', 'popleft', 'post', 'print', 'put', 'read',
      'readline', 'readlines', 'release', 'remove', 'replace', 'reset', 'result', 'reverse',
      'rfind', 'rollback', 'rpartition', 'rsplit', 'rstrip', 'run', 'save', 'search', 'seek',
      'send', 'set', 'setdefault', 'shutdown', 'size', 'sort', 'span', 'split', 'splitlines',
      'start', 'startswith', 'stop', 'strftime', 'strip', 'sub', 'submit', 'swapcase', 'tell',
      'throw', 'title', 'total_seconds', 'translate', 'truncate', 'union', 'unlink', 'update',
      'upper', 'value', 'values', 'wait', 'write', 'writelines', 'zfill')
  GROUP BY name
  HAVING count(*) = 1
),
imported AS (
  SELECT DISTINCT file_id, coalesce(asname, split_part(name, '.', 1)) AS name
  FROM cst_imports
),
open_calls AS (
  SELECT c.call_id, c.file_id,
    regexp_replace(c.callee_text, '^(?s:.*)\.\s*', '') AS method_name,
    split_part(translate(coalesce(c.callee_path, ''), '(', '.'), '.', 1) AS root
  FROM cst_callsites AS c
  LEFT JOIN python_call_flow AS f ON f.call_id = c.call_id
  WHERE c.callee_shape = 'ATTRIBUTE' AND f.call_id IS NULL
    AND octet_length(c.callee_text) < 500
)
SELECT o.call_id, m.def_id
FROM open_calls AS o
JOIN method_names AS m ON m.name = o.method_name
LEFT JOIN imported AS i ON i.file_id = o.file_id AND i.name = o.root
WHERE i.name IS NULL
