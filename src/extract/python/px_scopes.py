"""The symbol tables of a file as rows, and the pairing of walked scopes with symtable blocks.

The tables are read from `_symtable`, the C half of the public `symtable` module: it gives the same
facts without one Python object for each symbol; a test holds the two equal. Block ids are preorder
numbers and symbols are sorted by name: CPython's own ids are addresses, and the order of its symbol
dictionaries depends on the hash seed.

Pairing: within one block, child scopes and child blocks are matched by (kind, name, line), and first
come first served among equals, because px_walk lists child scopes in the symbol table's order. A
scope without a block (a comprehension that CPython 3.12+ inlines, an annotation that is never
evaluated) belongs to the block around it, and its children are matched there.
"""

import _symtable

import px_walk as walk

_LAMBDA_LIKE = {"lambda", "listcomp", "setcomp", "dictcomp", "genexpr"}
_SCOPE_NAMES = ("LOCAL", "GLOBAL_EXPLICIT", "GLOBAL_IMPLICIT", "FREE", "CELL")
_LOCAL, _EXPLICIT, _IMPLICIT, _FREE, _CELL = (getattr(_symtable, n) for n in _SCOPE_NAMES)
_DEF_TYPE_PARAM = getattr(_symtable, "DEF_TYPE_PARAM", 0)
_KINDS = {
    "TYPE_MODULE": walk.MODULE,
    "TYPE_FUNCTION": walk.FUNCTION,
    "TYPE_CLASS": walk.CLASS,
    "TYPE_ANNOTATION": walk.ANNOTATION,
    "TYPE_TYPE_ALIAS": walk.TYPE_ALIAS,
    "TYPE_TYPE_PARAM": walk.TYPE_PARAMETERS,
    "TYPE_TYPE_PARAMETERS": walk.TYPE_PARAMETERS,
    "TYPE_TYPE_VAR_BOUND": walk.TYPE_VARIABLE,
    "TYPE_TYPE_VARIABLE": walk.TYPE_VARIABLE,
}
_KIND_OF = {
    getattr(_symtable, name): kind for name, kind in _KINDS.items() if hasattr(_symtable, name)
}

FLAGS = (
    "is_referenced is_imported is_parameter is_type_parameter is_global is_nonlocal "
    "is_declared_global is_local is_annotated is_free is_assigned"
).split()
PARTITIONS = ("parameters", "locals", "globals", "nonlocals", "frees")


class Block:
    """One symtable block: preorder id, place in the tree, and the raw entry."""

    __slots__ = ("id", "parent", "kind", "name", "line", "entry", "kids", "private")
    __slots__ += ("qualpath", "scope_id")

    def __init__(self, number, parent, entry):
        self.id = number
        self.parent = parent
        self.kind = _kind_of(entry)
        self.name = entry.name
        self.line = entry.lineno
        self.entry = entry
        self.kids = []
        self.private = self.name if self.kind == walk.CLASS else parent and parent.private

    def kid_names(self):
        """The ids of the child blocks that each symbol of this block names."""
        named = {}
        for kid in self.kids:
            named.setdefault(mangled(kid.name, self.private), []).append(kid.id)
        return named


def _kind_of(entry):
    kind = _KIND_OF.get(entry.type)
    if kind is None:
        raise ValueError(f"symtable block type {entry.type!r} of '{entry.name}' is unknown")
    return kind


def read_blocks(data, file_id):
    """All blocks of a file in preorder. Raises what the compiler raises (SyntaxError, ...)."""
    top = _symtable.symtable(data, "<source>", "exec")
    blocks, stack = [], [(None, top)]
    while stack:
        parent, entry = stack.pop()
        block = Block(len(blocks), parent, entry)
        blocks.append(block)
        if parent is not None:
            parent.kids.append(block)
        stack.extend((block, kid) for kid in reversed(entry.children))
    _name_blocks(blocks, file_id)
    return blocks


def _name_blocks(blocks, file_id):
    seen = {}
    for block in blocks:
        key = (block.parent.id if block.parent else -1, block.kind, block.name, block.line)
        ordinal = seen.get(key, 0)
        seen[key] = ordinal + 1
        part = "top" if block.kind == walk.MODULE else block.name or block.kind.lower()
        if ordinal:
            part += f"#{ordinal}"
        block.qualpath = f"{block.parent.qualpath}::{part}" if block.parent else part
        block.scope_id = (
            f"{file_id}:SCOPE:{block.qualpath}:{block.line}:{block.kind}:{ordinal}"
        )


def pair(blocks):
    """For each walked scope its block, and whether the block is its own: two parallel lists."""
    count = len(walk.scope_parent)
    found, own = [blocks[0]] * count, [False] * count
    own[0] = True
    queues = {}
    stack = [(kid, blocks[0], True) for kid in reversed(walk.scope_kids[0])]
    while stack:
        scope, around, live = stack.pop()
        block = _take(scope, around, queues) if live else None
        if walk.scope_kind[scope] == walk.ANNOTATION and block is None:
            live = False
        own[scope] = block is not None
        found[scope] = block or around
        stack.extend((kid, found[scope], live) for kid in reversed(walk.scope_kids[scope]))
    return found, own


def _take(scope, around, queues):
    queue = queues.get(around.id)
    if queue is None:
        queue = queues[around.id] = {}
        for kid in reversed(around.kids):
            queue.setdefault(_block_key(kid), []).append(kid)
    key = (walk.scope_kind[scope], walk.scope_name[scope], walk.scope_line[scope])
    waiting = queue.get(key)
    return waiting.pop() if waiting else None


def _block_key(block):
    return block.kind, block.name.strip("<>"), block.line


def _flag_bits(flags, module):
    scope = (flags >> _symtable.SCOPE_OFF) & _symtable.SCOPE_MASK
    bound = bool(module and flags & _symtable.DEF_BOUND)
    return bytes(
        map(
            bool,
            (
                flags & _symtable.USE,
                flags & _symtable.DEF_IMPORT,
                flags & _symtable.DEF_PARAM,
                flags & _DEF_TYPE_PARAM,
                bound or scope in (_EXPLICIT, _IMPLICIT),
                flags & _symtable.DEF_NONLOCAL,
                scope == _EXPLICIT,
                bound or scope in (_LOCAL, _CELL),
                flags & _symtable.DEF_ANNOT,
                scope == _FREE,
                flags & _symtable.DEF_LOCAL,
            ),
        )
    )


_FLAG_CACHE = {}


def flag_bits(flags, module):
    """The FLAGS of one symbol as a byte each; is_global and is_local ask if it is the module's."""
    bits = _FLAG_CACHE.get((flags, module))
    if bits is None:
        bits = _FLAG_CACHE[(flags, module)] = _flag_bits(flags, module)
    return bits


def partitions(block):
    """The five name lists of a function block, in PARTITIONS order."""
    parts = ([name for name in block.entry.varnames], [], [], [], [])
    for name, flags in sorted(block.entry.symbols.items()):
        scope = (flags >> _symtable.SCOPE_OFF) & _symtable.SCOPE_MASK
        if scope in (_LOCAL, _CELL):
            parts[1].append(name)
        elif scope in (_EXPLICIT, _IMPLICIT):
            parts[2].append(name)
        elif scope == _FREE:
            parts[4].append(name)
        if flags & _symtable.DEF_NONLOCAL:
            parts[3].append(name)
    return parts


def class_methods(block):
    """Names of the functions defined directly in a class block, in source order, each once."""
    symbols = block.entry.symbols
    methods = {}
    for kid in block.kids:
        target = kid
        if kid.kind == walk.TYPE_PARAMETERS and kid.kids:
            target = kid.kids[-1]
        name = target.name.strip("<>")
        known = mangled(name, block.private) in symbols and name not in _LAMBDA_LIKE
        if target.kind == walk.FUNCTION and known:
            methods[name] = True
    return list(methods)


def declared_global(block, name):
    """True when the block says `global name`."""
    flags = block.entry.symbols.get(name, 0)
    return (flags >> _symtable.SCOPE_OFF) & _symtable.SCOPE_MASK == _EXPLICIT


def mangled(name, class_name):
    """The private name (`__x` in class `C` is `_C__x`), or `name` itself."""
    if class_name is None or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    stripped = class_name.lstrip("_")
    return f"_{stripped}{name}" if stripped else name
