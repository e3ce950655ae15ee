"""From one walked file to rows: ast.*, symtable.* and cst.* of the chunk's tables.

Rows are made column by column from the lists that px_walk fills; only the rarer things (definitions,
imports, docstrings) are made row by row. A span is computed once per node and looked up by node id.
"""

import ast
import json
import re
from itertools import repeat
from operator import attrgetter, itemgetter, sub

import px_paths
import px_scopes
import px_walk as walk
from px_walk import nodes

CALLEE_BYTES = 512
DOTTED_CHARS = 512
SMALL = [str(n) for n in range(256)]
_WS = r"[ \t\f\\\r\n]+"
_DEF_NAME = re.compile(r"(?:async" + _WS + r")?(?:def|class)" + _WS + r"([^\s(:\\\[]+)")
_AS_NAME = re.compile(r"[\s)\\]*as" + _WS + r"([^\s:\\]+)")
_REST_NAME = re.compile(r".*\*\*[\s\\]*([^\s}),\\]+)[\s,\\]*\}$", re.S)
_PARAM_NAME = re.compile(r"\**[\s\\]*([^\s:=,\]\\]+)")
_TYPE_IGNORE = re.compile(rb"#\s*type:\s*ignore")
_POSITION = attrgetter("lineno", "col_offset", "end_lineno", "end_col_offset")
_DEF_KINDS = {
    "FunctionDef": "function",
    "AsyncFunctionDef": "async_function",
    "ClassDef": "class",
    "Lambda": "lambda",
}
_SHAPES = {"Name": "NAME", "Attribute": "ATTRIBUTE", "Subscript": "SUBSCRIPT"}
_QUALNAME_OF = {"lambda": "<lambda>", **{n: f"<{n}>" for n in walk.COMPREHENSIONS.values()}}
_TRANSPARENT = (walk.TYPE_PARAMETERS, walk.ANNOTATION, walk.TYPE_ALIAS, walk.TYPE_VARIABLE)


def _pick(ids, values):
    """values[i] for each id, as a list."""
    if len(ids) > 1:
        return list(itemgetter(*ids)(values))
    return [values[i] for i in ids]


def module_name(path):
    """The dotted module name of a path: 'a/b/__init__.py' is a.b, 'a/b.py' is a.b."""
    parts = re.sub(r"\.pyi?w?$", "", path.replace("\\", "/")).strip("/").split("/")
    if len(parts) > 1 and parts[-1] == "__init__":
        parts.pop()
    return ".".join(part for part in parts if part not in ("", "."))


def clean_doc(text):
    """The docstring without common indentation and outer blank lines (as inspect.cleandoc)."""
    lines = text.expandtabs().split("\n")
    rest = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    margin = min(rest, default=0)
    lines = [lines[0].lstrip()] + [line[margin:] for line in lines[1:]]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return "\n".join(lines)


class FileRows:
    """Writes the rows of one file; px_walk's lists must hold its tree."""

    def __init__(self, tables, index, path, source):
        self.tables = tables
        self.index = index
        self.source = source
        self.module = module_name(path)
        self.found = None
        self.own = None
        self.kinds = [type(node).__name__ for node in nodes]
        positions = list(zip(*map(_POSITION, nodes)))
        self.lines, self.cols, self.end_lines, self.end_cols = map(list, positions)
        self.starts = source.offsets(self.lines, self.cols)
        self.ends = source.offsets(self.end_lines, self.end_cols)
        self.lengths = list(map(sub, self.ends, self.starts))
        if min(self.lengths) < 0:
            self.lengths = [max(length, 0) for length in self.lengths]
            self.ends = [start + length for start, length in zip(self.starts, self.lengths)]

    def _span(self, node_id):
        """The six span columns of one node, null for a node without a position."""
        line = self.lines[node_id]
        if not line:
            return (None,) * 6
        last = self.end_lines[node_id] - 1
        place = (line - 1, self.cols[node_id], last, self.end_cols[node_id])
        return (*place, self.starts[node_id], self.lengths[node_id])

    def _text(self, node):
        source = self.source
        start = source.offset(node.lineno, node.col_offset)
        return source.text(start, source.offset(node.end_lineno, node.end_col_offset))

    def _put_attrs(self, name, first_row, maps):
        """Rows of an attrs table: one list of (key, value) for each parent row."""
        rows = [
            (first_row + at, key, value) for at, pairs in enumerate(maps) for key, value in pairs
        ]
        self.tables[name].put_rows(rows)

    # ---- ast.* ----

    def put_ast(self):
        self._put_nodes()
        self._put_edges()
        self._put_calls()
        self._put_imports()
        self._put_defs()
        self._put_docstrings()

    def _put_nodes(self):
        table, count = self.tables["ast.nodes"], len(nodes)
        mask = bytes(map(bool, self.lines))
        table["file"].put_const(self.index, count)
        table["ast_id"].put(range(count))
        table["parent_ast_id"].put(
            [0, *walk.parents[1:]], b"\0" + b"\1" * (count - 1)
        )
        table["kind"].put(self.kinds)
        table["name"].put_optional(list(map(walk.names.get, range(count))))
        table["value"].put_optional(list(map(walk.values.get, range(count))))
        table["span.start.line0"].put([line - 1 for line in self.lines], mask)
        table["span.start.col"].put(self.cols, mask)
        table["span.end.line0"].put([line - 1 for line in self.end_lines], mask)
        table["span.end.col"].put(self.end_cols, mask)
        table["span.byte_span.byte_start"].put(self.starts, mask)
        table["span.byte_span.byte_len"].put(self.lengths, mask)

    def _put_edges(self):
        table, count = self.tables["ast.edges"], len(nodes) - 1
        indexes = walk.idxs[1:]
        table["file"].put_const(self.index, count)
        table["src"].put(walk.parents[1:])
        table["dst"].put(range(1, count + 1))
        table["kind"].put_const("child", count)
        table["slot"].put(walk.slots[1:])
        table["idx"].put(indexes, bytes([index >= 0 for index in indexes]))

    def _put_calls(self):
        ids = walk.calls
        first = self.tables["ast.calls"].rows
        rows, attrs = [], []
        for me in ids:
            func, call = me + 1, nodes[me]
            name = walk.names.get(func) if self.kinds[func] in ("Name", "Attribute") else None
            kind = self.kinds[func]
            rows.append((self.index, me, walk.parents[me], kind, name, *self._span(me)))
            args, keywords = call.args, call.keywords
            attrs += (
                _count(args),
                _count(keywords),
                _count([a for a in args if type(a) is ast.Starred]),
                _count([k for k in keywords if k.arg is None]),
            )
        self.tables["ast.calls"].put_rows(rows)
        table = self.tables["ast.calls.attrs"]
        keys = ["arg_count", "keyword_count", "starred_count", "kw_star_count"]
        table["row"].put([first + at for at in range(len(ids)) for _ in keys])
        table["key"].put(keys * len(ids))
        table["value"].put(attrs)

    def _put_imports(self):
        rows = []
        for me in walk.imports:
            node, span, parent = nodes[me], self._span(me), walk.parents[me]
            kind, level = self.kinds[me], getattr(node, "level", None)
            module = getattr(node, "module", None)
            for at, alias in enumerate(node.names):
                head = (self.index, me, parent, kind, module, alias.name, alias.asname, at)
                rows.append((*head, level, *span))
        self.tables["ast.imports"].put_rows(rows)

    def _put_defs(self):
        table = self.tables["ast.defs"]
        first, rows, attrs = table.rows, [], []
        for me in walk.defs:
            kind = self.kinds[me]
            if kind == "Lambda":
                continue
            head = (self.index, me, walk.parents[me], kind, walk.names[me])
            rows.append((*head, *self._span(me)))
            attrs.append(self._def_attrs(nodes[me], kind))
        table.put_rows(rows)
        self._put_attrs("ast.defs.attrs", first, attrs)

    def _def_attrs(self, node, kind):
        pairs = [("decorator_count", _count(node.decorator_list))]
        sources = [("decorator_sources", node.decorator_list)]
        if kind == "ClassDef":
            pairs += [("base_count", _count(node.bases)), ("keyword_count", _count(node.keywords))]
            sources.append(("base_sources", node.bases))
        else:
            args = node.args
            parameters = args.posonlyargs + args.args + args.kwonlyargs + [args.vararg, args.kwarg]
            pairs += [("arg_count", _count(args.args)), ("posonly_count", _count(args.posonlyargs))]
            pairs.append(("kwonly_count", _count(args.kwonlyargs)))
            notes = [arg.annotation for arg in parameters if arg is not None]
            sources.append(("default_sources", args.defaults + args.kw_defaults))
            sources.append(("annotation_sources", notes))
        pairs.append(("type_params_count", _count(getattr(node, "type_params", ()))))
        for key, parts in sources:
            texts = [self._text(part) for part in parts if part is not None]
            if texts:
                pairs.append((key, json.dumps(texts, ensure_ascii=False)))
        if getattr(node, "returns", None) is not None:
            text = json.dumps(self._text(node.returns), ensure_ascii=False)
            pairs.append(("returns_source", text))
        return pairs

    def _put_docstrings(self):
        rows = []
        owners = [0] + [me for me in walk.defs if self.kinds[me] != "Lambda"]
        for me in owners:
            found = self._docstring(me)
            if found is not None:
                doc_id, text = found
                name = walk.names.get(me)
                source = self.source.text(self.starts[doc_id], self.ends[doc_id])
                head = (self.index, me, self.kinds[me], name, text)
                rows.append((*head, *self._span(doc_id), source))
        self.tables["ast.docstrings"].put_rows(rows)

    def _docstring(self, owner):
        """(id of the docstring's statement, clean text) of a module, class or function, or None."""
        first = self.body_starts.get(owner)
        if first is None or self.kinds[first] != "Expr" or self.kinds[first + 1] != "Constant":
            return None
        value = nodes[first + 1].value
        return (first, clean_doc(value)) if isinstance(value, str) else None

    @property
    def body_starts(self):
        """The id of the first body statement of every node that has a body list."""
        if not hasattr(self, "_body_starts"):
            slots, idxs, parents = walk.slots, walk.idxs, walk.parents
            self._body_starts = {
                parents[i]: i for i, slot in enumerate(slots) if slot == "body" and idxs[i] == 0
            }
        return self._body_starts

    def put_type_ignores(self):
        """`# type: ignore` comments, read by a second parse; only where the text may hold one."""
        data, rows = self.source.data, []
        if not _TYPE_IGNORE.search(data):
            return
        try:
            found = ast.parse(data, type_comments=True).type_ignores
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for ignore in found:
            line = ignore.lineno
            start = self.source.offset(line, 0)
            end = self.source.offset(line + 1, 0) if line + 1 < len(self.source.starts) else None
            raw = data[start:end].rstrip(b"\r\n")
            places = [match.start() for match in _TYPE_IGNORE.finditer(raw)]
            at = places[-1] if places else 0
            col, last = self._utf8_len(raw[:at]), self._utf8_len(raw)
            span = (line - 1, col, line - 1, last, start + at, len(raw) - at)
            rows.append((self.index, None, ignore.tag, *span))
        self.tables["ast.type_ignores"].put_rows(rows)

    def _utf8_len(self, raw):
        if self.source.plain:
            return len(raw)
        return len(raw.decode(self.source.encoding, "replace").encode())

    # ---- cst.* ----

    def put_cst(self, blocks):
        """Rows of cst.*. `blocks` are the symtable's, or None when it refused the file."""
        if blocks is not None:
            self.found, self.own = px_scopes.pair(blocks)
        self.dotted = self._dotted_names()
        self._put_refs()
        self._put_callsites()
        self._put_cst_imports()
        self._put_cst_defs()

    def _dotted_names(self):
        """'a.b.c' of every Name and of every Attribute chain that ends in a Name, by node id."""
        dotted, kinds, names = {}, self.kinds, walk.names
        for me in reversed(walk.refs):
            kind = kinds[me]
            if kind == "Name":
                dotted[me] = names[me]
            elif kind == "Attribute":
                base = dotted.get(me + 1)
                if base is not None and len(base) < DOTTED_CHARS:
                    dotted[me] = f"{base}.{names[me]}"
        return dotted

    def _scope_attrs(self, scope):
        if self.found is None:
            return [("origin", "ast")]
        return [("origin", "ast"), ("scope_id", self.found[scope].scope_id)]

    def _put_refs(self):
        ids, scopes = walk.refs, walk.ref_scopes
        table, count = self.tables["cst.refs"], len(ids)
        if not ids:
            return
        first, kinds = table.rows, _pick(ids, self.kinds)
        spans = list(map(self._ref_span, ids, kinds))
        dotted, names = self.dotted, walk.names
        table["file"].put_const(self.index, count)
        table["ref_kind"].put(["attribute" if k == "Attribute" else "name" for k in kinds])
        table["ref_text"].put([dotted.get(me) or names[me] for me in ids])
        table["expr_ctx"].put([_context(nodes[me]) for me in ids])
        roles = [_ROLES.get(kind) for kind in kinds]
        table["parent_kind"].put(_pick(_pick(ids, walk.parents), self.kinds))
        table["bstart"].put([start for start, _ in spans])
        table["bend"].put([end for _, end in spans])
        table["scope_role"].put_optional(roles)
        pairs = self._put_ref_scopes(table, ids, scopes)
        _add_ordinals(pairs, spans)
        self._put_attrs("cst.refs.attrs", first, pairs)

    def _put_ref_scopes(self, table, ids, scopes):
        """The columns of the scope in which a name is evaluated; returns the attrs of the refs."""
        if self.found is None:
            table["scope_type"].put_null(len(ids))
            table["scope_name"].put_null(len(ids))
            return [self._scope_attrs(scope) for scope in scopes]
        found = _pick(scopes, self.found)
        table["scope_type"].put([block.kind for block in found])
        table["scope_name"].put([block.name for block in found])
        pairs = [[("origin", "ast"), ("scope_id", block.scope_id)] for block in found]
        for at, me in enumerate(ids):
            name = walk.names[me]
            if name.startswith("__") and self.kinds[me] != "Attribute":
                mangled = px_scopes.mangled(name, found[at].private)
                if mangled != name:
                    pairs[at].append(("mangled_name", mangled))
            value = px_paths.stored_path(me)
            if value is not None:
                pairs[at].append(("value_path", value))
        return pairs

    def _ref_span(self, me, kind):
        """The identifier's own byte range."""
        start, end = self.starts[me], self.ends[me]
        if kind == "Name":
            return start, end
        if kind == "Attribute":
            name = walk.names[me]
            if name.isascii():
                at = end - len(name)
                if self.source.data.endswith(name.encode(), start, end):
                    return at, end
            return self._identifier_before(start, end), end
        return _REF_SPANS[kind](self, me, start, end)

    def _identifier_before(self, start, end):
        """Where the identifier that ends at `end` begins, whatever its normal form is."""
        text = self.source.text(start, end)
        at = len(text)
        while at > 0 and (text[at - 1].isalnum() or text[at - 1] == "_" or ord(text[at - 1]) > 127):
            at -= 1
        return self.source.shift(start, text, at) if at < len(text) else start

    def _found_span(self, pattern, start, end):
        """The range of group 1 of a pattern matched at `start`, or the whole range."""
        text = self.source.text(start, end)
        match = pattern.match(text)
        if match is None:
            return start, end
        shift = self.source.shift
        return shift(start, text, match.start(1)), shift(start, text, match.end(1))

    def _param_span(self, me, start, end):
        return self._found_span(_PARAM_NAME, start, end)

    def _handler_span(self, me, start, end):
        after = nodes[me].type
        at = self.source.offset(after.end_lineno, after.end_col_offset)
        found = self._found_span(_AS_NAME, at, max(at, self.starts[self.body_starts[me]]))
        return found if found[0] != at else (start, end)

    def _capture_span(self, me, start, end):
        return self._identifier_before(start, end), end

    def _rest_span(self, me, start, end):
        return self._found_span(_REST_NAME, start, end)

    def _put_callsites(self):
        table, ids = self.tables["cst.callsites"], walk.calls
        first, rows = table.rows, []
        starts, ends, kinds = self.starts, self.ends, self.kinds
        for me in ids:
            func, call = me + 1, nodes[me]
            shape = _SHAPES.get(kinds[func], "OTHER")
            text = self._cut_text(starts[func], ends[func])
            count = len(call.args) + len(call.keywords)
            spans = (starts[me], ends[me], starts[func], ends[func])
            rows.append((self.index, *spans, shape, text, count, self.dotted.get(func)))
        table.put_rows(rows)
        pairs = [
            self._scope_attrs(scope) + self._call_paths(me)
            for me, scope in zip(ids, walk.call_scopes)
        ]
        _add_ordinals(pairs, [(starts[me], ends[me]) for me in ids])
        self._put_attrs("cst.callsites.attrs", first, pairs)

    def _call_paths(self, me):
        """callee_path where the callee has a path but no dotted name, and arg_paths."""
        pairs, call = [], nodes[me]
        if self.dotted.get(me + 1) is None:
            path = px_paths.access_path(call.func)
            if path is not None:
                pairs.append(("callee_path", path))
        arguments = px_paths.argument_paths(call)
        if arguments:
            pairs.append(("arg_paths", arguments))
        return pairs

    def _cut_text(self, start, end):
        if self.source.plain:
            return self.source.data[start : min(end, start + CALLEE_BYTES)].decode("utf-8", "ignore")
        text = self.source.text(start, min(end, start + CALLEE_BYTES))
        return text.encode()[:CALLEE_BYTES].decode("utf-8", "ignore")

    def _put_cst_imports(self):
        table = self.tables["cst.imports"]
        first, rows, pairs = table.rows, [], []
        for me, scope in zip(walk.imports, walk.import_scopes):
            node = nodes[me]
            level, module = getattr(node, "level", 0), getattr(node, "module", None)
            kind = "import" if self.kinds[me] == "Import" else "importfrom"
            stmt = (self.starts[me], self.ends[me])
            attrs = self._scope_attrs(scope)
            for at, alias in enumerate(node.names):
                alias_id = me + 1 + at
                known = self.lines[alias_id]
                span = (self.starts[alias_id], self.ends[alias_id]) if known else stmt
                star = alias.name == "*"
                head = (self.index, kind, module, level, alias.name, alias.asname, star)
                rows.append((*head, *stmt, *span))
                pairs.append(attrs)
        table.put_rows(rows)
        self._put_attrs("cst.imports.attrs", first, pairs)

    def _put_cst_defs(self):
        table = self.tables["cst.defs"]
        first, rows, pairs = table.rows, [], []
        own_def = {own: me for me, own in zip(walk.defs, walk.def_own)}
        qnames = self._qualified_names(own_def)
        returned = px_paths.returned_paths(self.kinds)
        for me, scope, own in zip(walk.defs, walk.def_scopes, walk.def_own):
            kind, start, end = self.kinds[me], self.starts[me], self.ends[me]
            box = _enclosing_def(scope, own_def)
            around = (None, None, None)
            if box is not None:
                around = (_DEF_KINDS[self.kinds[box]], self.starts[box], self.ends[box])
            is_lambda = kind == "Lambda"
            span = (None, None) if is_lambda else self._found_span(_DEF_NAME, start, end)
            doc = None if is_lambda else self._docstring(me)
            decorators = 0 if is_lambda else len(nodes[me].decorator_list)
            name = "<lambda>" if is_lambda else walk.names[me]
            head = (self.index, *around, _DEF_KINDS[kind], name, start, end)
            rows.append((*head, *span, doc and doc[1], decorators))
            attrs = self._scope_attrs(scope)
            if self.found is not None and self.own[own]:
                attrs = [*attrs, ("own_scope_id", self.found[own].scope_id)]
            pairs.append(attrs + px_paths.definition_paths(nodes[me], returned.get(me)))
        table.put_rows(rows)
        self._put_attrs("cst.defs.attrs", first, pairs)
        numbered = [(first + at, qnames[own]) for at, own in enumerate(walk.def_own)]
        self.tables["cst.defs.qnames"].put_rows([(*row, "syntactic") for row in numbered])
        self.tables["cst.defs.def_fqns"].put_rows(numbered)

    def _qualified_names(self, own_def):
        """module.__qualname__ of the definition that opens each scope, by scope."""
        local, found = {0: ""}, {}
        for scope in range(1, len(walk.scope_parent)):
            parent, kind = walk.scope_parent[scope], walk.scope_kind[scope]
            inlined = self.own is not None and not self.own[scope] and scope not in own_def
            if kind in _TRANSPARENT or inlined:
                local[scope] = local[parent]
                continue
            name = walk.scope_name[scope]
            if scope not in own_def or self.kinds[own_def[scope]] == "Lambda":
                name = _QUALNAME_OF[name]
            qualname = local[parent] + name
            if self.found is not None and scope in own_def and name[0] != "<":
                block = self.found[parent]
                symbol = px_scopes.mangled(name, block.private)
                if block.parent is not None and px_scopes.declared_global(block, symbol):
                    qualname = name
            bare = kind == walk.CLASS or scope not in own_def  # as for a class, no <locals>
            local[scope] = qualname + ("." if bare else ".<locals>.")
            found[scope] = f"{self.module}.{qualname}" if self.module else qualname
        return found

    # ---- symtable.* ----

    def put_symtable(self, blocks):
        table = self.tables["symtable.blocks"]
        first, rows, methods = table.rows, [], []
        parts = [[] for _ in px_scopes.PARTITIONS]
        meta = (walk.MODULE, walk.FUNCTION, walk.CLASS)
        for block in blocks:
            row = first + block.id
            parent = block.parent.id if block.parent else None
            head = (self.index, block.id, parent, block.kind, block.kind not in meta, block.name)
            rows.append((*head, block.line, block.scope_id, block.qualpath))
            if block.kind == walk.FUNCTION:
                for out, names in zip(parts, px_scopes.partitions(block)):
                    out.extend(zip(repeat(row), names))
            elif block.kind == walk.CLASS:
                methods.extend((row, name) for name in px_scopes.class_methods(block))
        table.put_rows(rows)
        self.tables["symtable.blocks.class_methods"].put_rows(methods)
        for part, out in zip(px_scopes.PARTITIONS, parts):
            self.tables[f"symtable.blocks.function_partitions.{part}"].put_rows(out)
        self._put_symbols(blocks, first)

    def _put_symbols(self, blocks, first):
        table = self.tables["symtable.blocks.symbols"]
        at, owners, names, bits, counts, spaces = table.rows, [], [], [], [], []
        for block in blocks:
            module, kids = block.kind == walk.MODULE, block.kid_names()
            symbols = sorted(block.entry.symbols.items())
            owners += [first + block.id] * len(symbols)
            for name, flags in symbols:
                names.append(name)
                bits.append(px_scopes.flag_bits(flags, module))
                named = kids.get(name, ())
                counts.append(len(named))
                if named:
                    spaces.extend((at + len(names) - 1, kid) for kid in named)
        packed, width = b"".join(bits), len(px_scopes.FLAGS)
        table["row"].put(owners)
        table["name"].put(names)
        for position, flag in enumerate(px_scopes.FLAGS):
            table[f"flags.{flag}"].put(packed[position::width])
        table["flags.is_namespace"].put(bytes(map(bool, counts)))
        table["namespace_count"].put(counts)
        self.tables["symtable.blocks.symbols.namespace_block_ids"].put_rows(spaces)


def _count(items):
    size = len(items)
    return SMALL[size] if size < 256 else str(size)


def _add_ordinals(pairs, spans):
    """Gives the second and later rows of one span the attribute span_ordinal."""
    if len(set(spans)) == len(spans):
        return
    seen = {}
    for attrs, span in zip(pairs, spans):
        seen[span] = seen.get(span, 0) + 1
        if seen[span] > 1:
            attrs.append(("span_ordinal", str(seen[span])))


def _context(node):
    ctx = getattr(node, "ctx", None)
    return "Store" if ctx is None else type(ctx).__name__


def _enclosing_def(scope, own_def):
    """The node id of the innermost definition whose scope is `scope` or around it, or None."""
    while scope > 0:
        if scope in own_def:
            return own_def[scope]
        scope = walk.scope_parent[scope]
    return None


_ROLES = {"arg": "param", "ExceptHandler": "except", "MatchAs": "capture", "MatchStar": "capture"}
_ROLES.update(MatchMapping="capture", TypeVar="type_param", ParamSpec="type_param")
_ROLES.update(TypeVarTuple="type_param")
_REF_SPANS = {
    "arg": FileRows._param_span,
    "TypeVar": FileRows._param_span,
    "ParamSpec": FileRows._param_span,
    "TypeVarTuple": FileRows._param_span,
    "ExceptHandler": FileRows._handler_span,
    "MatchAs": FileRows._capture_span,
    "MatchStar": FileRows._capture_span,
    "MatchMapping": FileRows._rest_span,
}
