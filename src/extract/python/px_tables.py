"""The flat tables of one chunk. Names and columns are those of the evidence schemas."""

from px_arrow import BOOL, INT32, INT64, UTF8, Table
from px_scopes import FLAGS, PARTITIONS

_SPAN = (
    "span.start.line0",
    "span.start.col",
    "span.end.line0",
    "span.end.col",
    "span.byte_span.byte_start",
    "span.byte_span.byte_len",
)
_ATTRS = "row:l key:u value:u"


def _spec(text):
    kinds = {"i": INT32, "l": INT64, "u": UTF8, "b": BOOL}
    columns = []
    for word in text.split():
        name, _, kind = word.partition(":")
        if name == "SPAN":
            columns += [(column, INT32) for column in _SPAN]
        else:
            columns.append((name, kinds[kind]))
    return columns


_SPECS = {
    "ast.nodes": "file:i ast_id:i parent_ast_id:i kind:u name:u value:u SPAN",
    "ast.edges": "file:i src:i dst:i kind:u slot:u idx:i",
    "ast.errors": "file:i error_type:u message:u SPAN",
    "ast.errors.attrs": _ATTRS,
    "ast.docstrings": "file:i owner_ast_id:i owner_kind:u owner_name:u docstring:u SPAN source:u",
    "ast.imports": "file:i ast_id:i parent_ast_id:i kind:u module:u name:u asname:u alias_index:i"
    " level:i SPAN",
    "ast.defs": "file:i ast_id:i parent_ast_id:i kind:u name:u SPAN",
    "ast.defs.attrs": _ATTRS,
    "ast.calls": "file:i ast_id:i parent_ast_id:i func_kind:u func_name:u SPAN",
    "ast.calls.attrs": _ATTRS,
    "ast.type_ignores": "file:i ast_id:i tag:u SPAN",
    "symtable.blocks": "file:i block_id:l parent_block_id:l block_type:u is_meta_scope:b name:u"
    " lineno1:i scope_id:u qualpath:u",
    "symtable.blocks.symbols": "row:l name:u "
    + " ".join(f"flags.{flag}:b" for flag in (*FLAGS, "is_namespace"))
    + " namespace_count:i",
    "symtable.blocks.symbols.namespace_block_ids": "row:l item:l",
    "symtable.blocks.class_methods": "row:l item:u",
    "cst.refs": "file:i ref_kind:u ref_text:u expr_ctx:u scope_type:u scope_name:u scope_role:u"
    " parent_kind:u bstart:l bend:l",
    "cst.refs.attrs": _ATTRS,
    "cst.imports": "file:i kind:u module:u relative_level:i name:u asname:u is_star:b"
    " stmt_bstart:l stmt_bend:l alias_bstart:l alias_bend:l",
    "cst.imports.attrs": _ATTRS,
    "cst.callsites": "file:i call_bstart:l call_bend:l callee_bstart:l callee_bend:l"
    " callee_shape:u callee_text:u arg_count:i callee_dotted:u",
    "cst.callsites.attrs": _ATTRS,
    "cst.defs": "file:i container_def_kind:u container_def_bstart:l container_def_bend:l kind:u"
    " name:u def_bstart:l def_bend:l name_bstart:l name_bend:l docstring:u decorator_count:i",
    "cst.defs.qnames": "row:l name:u source:u",
    "cst.defs.def_fqns": "row:l item:u",
    "cst.defs.attrs": _ATTRS,
}
for _part in PARTITIONS:
    _SPECS[f"symtable.blocks.function_partitions.{_part}"] = "row:l item:u"


class Tables:
    """All tables of a chunk. mark() and rollback() undo the rows of a file that failed halfway."""

    def __init__(self):
        self._tables = {name: Table(name, _spec(spec)) for name, spec in _SPECS.items()}

    def __getitem__(self, name):
        return self._tables[name]

    def mark(self):
        return {name: table.rows for name, table in self._tables.items()}

    def rollback(self, mark):
        for name, rows in mark.items():
            self._tables[name].truncate(rows)

    def frames(self):
        """(name, Arrow IPC stream) of every table that has rows."""
        for name, table in self._tables.items():
            if table.rows:
                yield name, table.to_ipc()
