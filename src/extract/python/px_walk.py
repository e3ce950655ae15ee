"""One preorder pass over a syntax tree into parallel lists.

There is one visitor function per node class; the plain ones are generated from the field list that
CPython prints in each class's doc text, so no visit asks what type a field has. A visitor takes
(node, parent id, slot, index in the slot or -1, scope) and appends to the lists of this module; the
id of a node is its place in `nodes`. Nodes without a position (contexts, operators, `arguments`, ...)
are represented by stand-ins with line 0.

Scopes are numbered in the order they are met. Each scope keeps its child scopes in the order in
which CPython's symbol table builder enters them, which differs from the tree's order in two places:
a comprehension's clauses come before its element, and defaults come before annotations. Scope kinds
are the symtable's; px_scopes pairs them with the symtable's blocks.
"""

import ast
import sys

NO_INDEX = -1
VALUE_CHARS = 256
FUNCTION, CLASS, MODULE, ANNOTATION = "FUNCTION", "CLASS", "MODULE", "ANNOTATION"
TYPE_ALIAS, TYPE_PARAMETERS, TYPE_VARIABLE = "TYPE_ALIAS", "TYPE_PARAMETERS", "TYPE_VARIABLE"
COMPREHENSIONS = {
    "ListComp": "listcomp",
    "SetComp": "setcomp",
    "DictComp": "dictcomp",
    "GeneratorExp": "genexpr",
}

nodes, parents, slots, idxs = [], [], [], []
names, values = {}, {}
refs, ref_scopes = [], []
calls, call_scopes = [], []
defs, def_scopes, def_own = [], [], []
imports, import_scopes = [], []
scope_parent, scope_kind, scope_name, scope_line, scope_node, scope_kids = [], [], [], [], [], []

_ALL = (nodes, parents, slots, idxs, names, values, refs, ref_scopes, calls, call_scopes, defs)
_ALL += (def_scopes, def_own, imports, import_scopes, scope_parent, scope_kind, scope_name)
_ALL += (scope_line, scope_node, scope_kids)

_state = {"annotations": "plain"}
STAND_INS = {}
VISIT = {}


def walk(tree):
    """Clears the lists of this module and fills them from a Module node."""
    for store in _ALL:
        store.clear()
    _state["annotations"] = _annotation_rule(tree)
    open_scope(NO_INDEX, MODULE, "top", 0, 0)
    visit_module(tree)


def _annotation_rule(tree):
    """Where annotations are evaluated: 'own' scope of their own, or the 'plain' enclosing scope."""
    if sys.version_info >= (3, 14):
        return "own"
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            if any(alias.name == "annotations" for alias in node.names):
                return "own"
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            break
    return "plain"


def open_scope(parent, kind, name, line, node_id):
    """Adds a scope. The caller lists it among its parent's kids when the symtable would."""
    scope_parent.append(parent)
    scope_kind.append(kind)
    scope_name.append(name)
    scope_line.append(line)
    scope_node.append(node_id)
    scope_kids.append([])
    return len(scope_parent) - 1


def _annotation_scope(scope, node_id, line):
    """The scope for an annotation that belongs to `scope`; new only under deferred evaluation."""
    if _state["annotations"] == "plain":
        return scope
    own = open_scope(scope, ANNOTATION, "__annotate__", line, node_id)
    scope_kids[scope].append(own)
    return own


def _enter(node, parent, slot, index):
    nodes.append(node)
    parents.append(parent)
    slots.append(slot)
    idxs.append(index)
    return len(nodes) - 1


def _each(items, parent, slot, scope):
    index = 0
    for item in items:
        if item is not None:
            VISIT[type(item)](item, parent, slot, index, scope)
        index += 1


def visit_module(node):
    me = _enter(STAND_INS[ast.Module], NO_INDEX, "", NO_INDEX)
    _each(node.body, me, "body", 0)
    _each(node.type_ignores, me, "type_ignores", 0)


def visit_name(node, parent, slot, index, scope):
    me = len(nodes)
    nodes.append(node)
    parents.append(parent)
    slots.append(slot)
    idxs.append(index)
    names[me] = node.id
    refs.append(me)
    ref_scopes.append(scope)
    nodes.append(STAND_INS[type(node.ctx)])
    parents.append(me)
    slots.append("ctx")
    idxs.append(NO_INDEX)


def visit_attribute(node, parent, slot, index, scope):
    me = len(nodes)
    nodes.append(node)
    parents.append(parent)
    slots.append(slot)
    idxs.append(index)
    names[me] = node.attr
    refs.append(me)
    ref_scopes.append(scope)
    value = node.value
    VISIT[type(value)](value, me, "value", NO_INDEX, scope)
    nodes.append(STAND_INS[type(node.ctx)])
    parents.append(me)
    slots.append("ctx")
    idxs.append(NO_INDEX)


def visit_constant(node, parent, slot, index, scope):
    me = len(nodes)
    nodes.append(node)
    parents.append(parent)
    slots.append(slot)
    idxs.append(index)
    values[me] = constant_text(node.value)


def constant_text(value):
    """repr() cut at VALUE_CHARS; hexadecimal for an integer too long for decimal conversion."""
    try:
        return repr(value)[:VALUE_CHARS]
    except ValueError:
        return hex(value)[:VALUE_CHARS]


def visit_call(node, parent, slot, index, scope):
    me = len(nodes)
    nodes.append(node)
    parents.append(parent)
    slots.append(slot)
    idxs.append(index)
    calls.append(me)
    call_scopes.append(scope)
    func = node.func
    VISIT[type(func)](func, me, "func", NO_INDEX, scope)
    at = 0
    for item in node.args:
        VISIT[type(item)](item, me, "args", at, scope)
        at += 1
    at = 0
    for item in node.keywords:
        VISIT[type(item)](item, me, "keywords", at, scope)
        at += 1


def visit_keyword(node, parent, slot, index, scope):
    me = _enter(node, parent, slot, index)
    if node.arg is not None:
        names[me] = node.arg
    VISIT[type(node.value)](node.value, me, "value", NO_INDEX, scope)


def visit_alias(node, parent, slot, index, scope):
    me = _enter(STAND_INS.get(ast.alias, node), parent, slot, index)
    names[me] = node.name


def visit_import(node, parent, slot, index, scope):
    me = _enter(node, parent, slot, index)
    imports.append(me)
    import_scopes.append(scope)
    module = getattr(node, "module", None)
    if module is not None:
        names[me] = module
    _each(node.names, me, "names", scope)


def _visit_arg(node, parent, slot, index, own_scope, outer_scope):
    me = _enter(node, parent, slot, index)
    names[me] = node.arg
    refs.append(me)
    ref_scopes.append(own_scope)
    if node.annotation is not None:
        where = _annotation_scope(outer_scope, me, node.annotation.lineno)
        VISIT[type(node.annotation)](node.annotation, me, "annotation", NO_INDEX, where)


def _visit_args(args, parent, slot, own_scope, outer_scope):
    index = 0
    for arg in args:
        _visit_arg(arg, parent, slot, index, own_scope, outer_scope)
        index += 1


def visit_arguments(node, parent, own_scope, note_scope, default_scope):
    """Parameters bind in `own_scope`; annotations and defaults are evaluated in the other two."""
    me = _enter(STAND_INS[ast.arguments], parent, "args", NO_INDEX)
    kids, notes = scope_kids[default_scope], scope_kids[note_scope]
    start = len(kids)
    _visit_args(node.posonlyargs, me, "posonlyargs", own_scope, note_scope)
    _visit_args(node.args, me, "args", own_scope, note_scope)
    if node.vararg is not None:
        _visit_arg(node.vararg, me, "vararg", NO_INDEX, own_scope, note_scope)
    at_kwonly = len(kids)
    _visit_args(node.kwonlyargs, me, "kwonlyargs", own_scope, note_scope)
    at_kw_defaults = len(kids)
    _each(node.kw_defaults, me, "kw_defaults", default_scope)
    at_kwarg = len(kids)
    if node.kwarg is not None:
        _visit_arg(node.kwarg, me, "kwarg", NO_INDEX, own_scope, note_scope)
    at_defaults = len(kids)
    _each(node.defaults, me, "defaults", default_scope)
    if len(kids) - start > 1 and kids is notes:
        cuts = (start, at_kwonly, at_kw_defaults, at_kwarg, at_defaults, len(kids))
        before, kwonly, kw_defaults, kwarg, defaults = (
            kids[cuts[k] : cuts[k + 1]] for k in range(5)
        )
        kids[start:] = defaults + kw_defaults + before + kwarg + kwonly
    elif len(kids) - start > 1:
        kids[start:] = kids[at_defaults:] + kids[start:at_defaults]


def _open_type_params(node, me, scope):
    """The scope of PEP 695 type parameters, or `scope` itself when there are none."""
    if not getattr(node, "type_params", None):
        return scope
    return open_scope(scope, TYPE_PARAMETERS, names[me], node.lineno, me)


def visit_function(node, parent, slot, index, scope):
    me = _enter(node, parent, slot, index)
    names[me] = node.name
    outer = _open_type_params(node, me, scope)
    own = open_scope(outer, FUNCTION, node.name, node.lineno, me)
    defs.append(me)
    def_scopes.append(scope)
    def_own.append(own)
    visit_arguments(node.args, me, own, outer, scope)
    _each(node.body, me, "body", own)
    _each(node.decorator_list, me, "decorator_list", scope)
    if node.returns is not None:
        where = _annotation_scope(outer, me, node.returns.lineno)
        VISIT[type(node.returns)](node.returns, me, "returns", NO_INDEX, where)
    _close_def(node, me, scope, outer, own)


def _close_def(node, me, scope, outer, own):
    if outer != scope:
        kids, before = scope_kids[outer], len(scope_kids[outer])
        _each(node.type_params, me, "type_params", outer)
        kids[:] = kids[before:] + kids[:before]
        scope_kids[scope].append(outer)
    scope_kids[outer].append(own)


def visit_class(node, parent, slot, index, scope):
    me = _enter(node, parent, slot, index)
    names[me] = node.name
    outer = _open_type_params(node, me, scope)
    own = open_scope(outer, CLASS, node.name, node.lineno, me)
    defs.append(me)
    def_scopes.append(scope)
    def_own.append(own)
    _each(node.bases, me, "bases", outer)
    _each(node.keywords, me, "keywords", outer)
    _each(node.body, me, "body", own)
    _each(node.decorator_list, me, "decorator_list", scope)
    _close_def(node, me, scope, outer, own)


def visit_lambda(node, parent, slot, index, scope):
    me = _enter(node, parent, slot, index)
    own = open_scope(scope, FUNCTION, "lambda", node.lineno, me)
    defs.append(me)
    def_scopes.append(scope)
    def_own.append(own)
    visit_arguments(node.args, me, own, scope, scope)
    VISIT[type(node.body)](node.body, me, "body", NO_INDEX, own)
    scope_kids[scope].append(own)


def visit_comprehension(node, parent, slot, index, scope):
    """A display or generator: only the first iterable is evaluated in the enclosing scope."""
    me = _enter(node, parent, slot, index)
    own = open_scope(scope, FUNCTION, COMPREHENSIONS[type(node).__name__], node.lineno, me)
    kids = scope_kids[own]
    at_value = 0
    if type(node) is ast.DictComp:
        VISIT[type(node.key)](node.key, me, "key", NO_INDEX, own)
        at_value = len(kids)
        if node.value is not None:
            VISIT[type(node.value)](node.value, me, "value", NO_INDEX, own)
    else:
        VISIT[type(node.elt)](node.elt, me, "elt", NO_INDEX, own)
    at_clauses = len(kids)
    at = 0
    for clause in node.generators:
        where = own if at else scope
        this = _enter(STAND_INS[ast.comprehension], me, "generators", at)
        VISIT[type(clause.target)](clause.target, this, "target", NO_INDEX, own)
        VISIT[type(clause.iter)](clause.iter, this, "iter", NO_INDEX, where)
        _each(clause.ifs, this, "ifs", own)
        at += 1
    if len(kids) > 1:
        kids[:] = kids[at_clauses:] + kids[at_value:at_clauses] + kids[:at_value]
    scope_kids[scope].append(own)


def visit_ann_assign(node, parent, slot, index, scope):
    me = _enter(node, parent, slot, index)
    VISIT[type(node.target)](node.target, me, "target", NO_INDEX, scope)
    where = _annotation_scope(scope, me, node.annotation.lineno)
    VISIT[type(node.annotation)](node.annotation, me, "annotation", NO_INDEX, where)
    if node.value is not None:
        VISIT[type(node.value)](node.value, me, "value", NO_INDEX, scope)


def visit_except_handler(node, parent, slot, index, scope):
    me = _enter(node, parent, slot, index)
    if node.name is not None:
        _bind(node.name, me, scope)
    if node.type is not None:
        VISIT[type(node.type)](node.type, me, "type", NO_INDEX, scope)
    _each(node.body, me, "body", scope)


def _bind(name, me, scope):
    names[me] = name
    refs.append(me)
    ref_scopes.append(scope)


def visit_match_capture(node, parent, slot, index, scope):
    """MatchAs and MatchStar."""
    me = _enter(node, parent, slot, index)
    if node.name is not None:
        _bind(node.name, me, scope)
    pattern = getattr(node, "pattern", None)
    if pattern is not None:
        VISIT[type(pattern)](pattern, me, "pattern", NO_INDEX, scope)


def visit_match_mapping(node, parent, slot, index, scope):
    me = _enter(node, parent, slot, index)
    if node.rest is not None:
        _bind(node.rest, me, scope)
    _each(node.keys, me, "keys", scope)
    _each(node.patterns, me, "patterns", scope)


def visit_match_singleton(node, parent, slot, index, scope):
    me = _enter(node, parent, slot, index)
    values[me] = constant_text(node.value)


def visit_type_alias(node, parent, slot, index, scope):
    me = _enter(node, parent, slot, index)
    names[me] = node.name.id
    VISIT[type(node.name)](node.name, me, "name", NO_INDEX, scope)
    outer = _open_type_params(node, me, scope)
    _each(node.type_params, me, "type_params", outer)
    own = open_scope(outer, TYPE_ALIAS, node.name.id, node.lineno, me)
    VISIT[type(node.value)](node.value, me, "value", NO_INDEX, own)
    if outer != scope:
        scope_kids[scope].append(outer)
    scope_kids[outer].append(own)


def visit_type_param(node, parent, slot, index, scope):
    """TypeVar, ParamSpec, TypeVarTuple: bound and default are each evaluated in their own scope."""
    me = _enter(node, parent, slot, index)
    _bind(node.name, me, scope)
    for field in ("bound", "default_value"):
        part = getattr(node, field, None)
        if part is not None:
            own = open_scope(scope, TYPE_VARIABLE, node.name, part.lineno, me)
            VISIT[type(part)](part, me, field, NO_INDEX, own)
            scope_kids[scope].append(own)


def visit_unknown(node, parent, slot, index, scope):
    """A node class whose doc text says nothing: its fields are looked at one by one."""
    me = _enter(STAND_INS.get(type(node), node), parent, slot, index)
    for field in node._fields:
        part = getattr(node, field, None)
        if isinstance(part, list):
            at = 0
            for item in part:
                if isinstance(item, ast.AST):
                    VISIT[type(item)](item, me, field, at, scope)
                at += 1
        elif isinstance(part, ast.AST):
            VISIT[type(part)](part, me, field, NO_INDEX, scope)


_SPECIAL = {
    "Name": visit_name,
    "Attribute": visit_attribute,
    "Constant": visit_constant,
    "Call": visit_call,
    "keyword": visit_keyword,
    "alias": visit_alias,
    "Import": visit_import,
    "ImportFrom": visit_import,
    "FunctionDef": visit_function,
    "AsyncFunctionDef": visit_function,
    "ClassDef": visit_class,
    "Lambda": visit_lambda,
    "AnnAssign": visit_ann_assign,
    "ExceptHandler": visit_except_handler,
    "MatchAs": visit_match_capture,
    "MatchStar": visit_match_capture,
    "MatchMapping": visit_match_mapping,
    "MatchSingleton": visit_match_singleton,
    "TypeAlias": visit_type_alias,
    "TypeVar": visit_type_param,
    "ParamSpec": visit_type_param,
    "TypeVarTuple": visit_type_param,
}
_SPECIAL.update(dict.fromkeys(COMPREHENSIONS, visit_comprehension))
_SCALAR_TYPES = {"identifier", "int", "string", "constant"}
_LEAF_TYPES = {"expr_context", "boolop", "operator", "unaryop", "cmpop"}


def _doc_fields(cls):
    """[(type, '' or '?' or '*', field)] read from 'Class(type? field, ...)', or None."""
    doc = (cls.__doc__ or "").replace("\n", " ")
    if not cls._fields:
        return []
    if not doc.startswith(cls.__name__ + "(") or not doc.endswith(")"):
        return None
    fields = []
    for part in doc[len(cls.__name__) + 1 : -1].split(","):
        kind, _, field = part.strip().partition(" ")
        mark = kind[-1] if kind[-1] in "?*" else ""
        fields.append((kind.rstrip("?*"), mark, field))
    return fields if tuple(field for _, _, field in fields) == tuple(cls._fields) else None


def _leaf_lines(field, item, index):
    return [
        f"nodes.append(STAND_INS[type({item})]); parents.append(me)",
        f"slots.append({field!r}); idxs.append({index})",
    ]


def _field_lines(kind, mark, field):
    leaf = kind in _LEAF_TYPES
    visit = f"VISIT[type(part)](part, me, {field!r}, -1, scope)"
    if mark == "*":
        body = (
            _leaf_lines(field, "item", "at")
            if leaf
            else [f"if item is not None: VISIT[type(item)](item, me, {field!r}, at, scope)"]
        )
        return (
            ["at = 0", f"for item in node.{field}:"] + ["    " + b for b in body] + ["    at += 1"]
        )
    if leaf:
        return _leaf_lines(field, f"node.{field}", "-1")
    guard = "if part is not None: " if mark == "?" else ""
    return [f"part = node.{field}", guard + visit]


def _generate(cls, fields):
    me = "STAND" if cls in STAND_INS else "node"
    lines = ["me = len(nodes)", f"nodes.append({me}); parents.append(parent)"]
    lines.append("slots.append(slot); idxs.append(index)")
    for kind, mark, field in fields:
        if kind not in _SCALAR_TYPES:
            lines += _field_lines(kind, mark, field)
    code = "def visit(node, parent, slot, index, scope):\n    " + "\n    ".join(lines)
    space = dict(globals(), STAND=STAND_INS.get(cls))
    exec(code, space)
    return space["visit"]


def _concrete_classes(base=ast.AST):
    for cls in base.__subclasses__():
        yield cls
        yield from _concrete_classes(cls)


def _build_tables():
    position = dict(lineno=0, col_offset=0, end_lineno=0, end_col_offset=0, __slots__=())
    classes = sorted(set(_concrete_classes()), key=lambda cls: cls.__name__)
    for cls in classes:
        if "lineno" not in cls._attributes:
            STAND_INS[cls] = type(cls.__name__, (), position)()
    for cls in classes:
        fields = _doc_fields(cls)
        generated = visit_unknown if fields is None else _generate(cls, fields)
        VISIT[cls] = _SPECIAL.get(cls.__name__, generated)


_build_tables()
