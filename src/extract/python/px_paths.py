"""Access paths: the expressions that can be followed by name alone, written as text.

An access path is a name followed by look-ups and calls: `a.b().c`. Arguments are left out and `await`
is passed over; anything else (literals, subscripts, operators) has no path. The paths become attrs of
cst.* rows, one path a line where there are several, and the Python pack follows them to definitions.
"""

import ast

from px_walk import idxs, nodes, parents, slots

PATH_CHARS = 200
_TUPLES = (ast.Tuple, ast.List)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def access_path(node):
    """The access path of an expression, or None when it has none or is too long."""
    parts = []
    while True:
        kind = type(node)
        if kind is ast.Name:
            parts.append(node.id)
            break
        if kind is ast.Attribute:
            parts.append("." + node.attr)
            node = node.value
        elif kind is ast.Call:
            parts.append("()")
            node = node.func
        elif kind is ast.Await:
            node = node.value
        else:
            return None
        if len(parts) > PATH_CHARS:
            return None
    parts.reverse()
    path = "".join(parts)
    return path if len(path) <= PATH_CHARS else None


def stored_path(me):
    """The path of the value that an assignment gives to the target `me`, or None."""
    places, at, slot = [], parents[me], slots[me]
    here = me
    while type(nodes[at]) in _TUPLES and slot == "elts":
        places.append(idxs[here])
        here, slot, at = at, slots[at], parents[at]
    if slot not in ("targets", "target") or type(nodes[at]) not in _ASSIGNMENTS:
        return None
    target, value = nodes[here], nodes[at].value
    for place in reversed(places):
        found = _paired(target, value, place)
        if found is None:
            return None
        target, value = target.elts[place], found
    return access_path(value) if value is not None else None


def _paired(target, value, place):
    """The item of the tuple `value` that item `place` of the tuple `target` is given, or None."""
    if type(value) not in _TUPLES or any(type(item) is ast.Starred for item in value.elts):
        return None
    stars = [at for at, item in enumerate(target.elts) if type(item) is ast.Starred]
    if not stars:
        return value.elts[place] if len(value.elts) == len(target.elts) else None
    if len(value.elts) < len(target.elts) - 1:
        return None
    return value.elts[place if place < stars[0] else place - len(target.elts)]


_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.NamedExpr)


def returned_paths(kinds):
    """Lines of the paths that each function returns, by node id of the function."""
    found = {}
    for me, kind in enumerate(kinds):
        if kind == "Return" and nodes[me].value is not None:
            path = access_path(nodes[me].value)
            if path is not None:
                owner = parents[me]
                while type(nodes[owner]) not in _FUNCTIONS:
                    owner = parents[owner]
                found.setdefault(owner, {})[path] = True
        elif kind == "Lambda":
            path = access_path(nodes[me].body)
            if path is not None:
                found[me] = {path: True}
    return {me: "\n".join(paths) for me, paths in found.items()}


def argument_paths(call):
    """Lines `place=path`; the place is the position or the keyword of the argument."""
    lines = []
    for at, item in enumerate(call.args):
        if type(item) is ast.Starred:
            break
        path = access_path(item)
        if path is not None:
            lines.append(f"{at}={path}")
    for item in call.keywords:
        path = access_path(item.value) if item.arg is not None else None
        if path is not None:
            lines.append(f"{item.arg}={path}")
    return "\n".join(lines)


def definition_paths(node, returned):
    """The attrs of a definition: base_paths, decorator_paths, param_names, return_paths."""
    pairs = []
    decorators = getattr(node, "decorator_list", ())
    if decorators:
        pairs.append(("decorator_paths", "\n".join(access_path(d) or "" for d in decorators)))
    if type(node) is ast.ClassDef:
        if node.bases:
            pairs.append(("base_paths", "\n".join(access_path(b) or "" for b in node.bases)))
        return pairs
    params = [arg.arg for arg in node.args.posonlyargs + node.args.args]
    if params:
        pairs.append(("param_names", "\n".join(params)))
    if returned:
        pairs.append(("return_paths", returned))
    return pairs
