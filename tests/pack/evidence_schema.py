"""The evidence tables of the Python pack as pyarrow schemas: what extractors can fill."""

import pyarrow as pa

TEXT, INT, LONG, BOOL = pa.utf8(), pa.int32(), pa.int64(), pa.bool_()
ATTRS = pa.map_(TEXT, TEXT)
TEXTS = pa.list_(TEXT)
_BY_NAME = {"t": TEXT, "i": INT, "l": LONG, "b": BOOL, "attrs": ATTRS, "texts": TEXTS}


def struct(text, **more):
    """A struct type from 'name:kind …'; `more` holds the nested members, placed by name."""
    fields = []
    for word in text.split():
        name, _, kind = word.partition(":")
        fields.append((name, _BY_NAME[kind] if kind else more[name]))
    return pa.struct(fields)


_POINT = struct("line0:i col:i")
SPAN = struct(
    "start end end_exclusive:b col_unit:t byte_span",
    start=_POINT,
    end=_POINT,
    byte_span=struct("byte_start:i byte_len:i"),
)


def _spanned(text):
    return pa.list_(struct(text, span=SPAN))


_QNAMES = pa.list_(struct("name:t source:t"))
_FLAGS = struct(
    " ".join(
        f"is_{flag}:b"
        for flag in (
            "referenced imported parameter type_parameter global nonlocal declared_global local"
            " annotated free assigned namespace"
        ).split()
    )
)
_SYMBOLS = pa.list_(
    struct(
        "name:t sym_symbol_id:t flags namespace_count:i namespace_block_ids attrs:attrs",
        flags=_FLAGS,
        namespace_block_ids=pa.list_(LONG),
    )
)
_PARTITIONS = struct("parameters:texts locals:texts globals:texts nonlocals:texts frees:texts")
_BLOCKS = pa.list_(
    struct(
        "block_id:l parent_block_id:l block_type:t is_meta_scope:b name:t lineno1:i span_hint"
        " scope_id:t scope_local_id:l scope_type_value:i qualpath:t function_partitions"
        " class_methods:texts symbols attrs:attrs",
        span_hint=SPAN,
        function_partitions=_PARTITIONS,
        symbols=_SYMBOLS,
    )
)

# evidence table -> (prefix of its flat tables, {list column: type})
TABLES = {
    "ast_files_v1": (
        "ast",
        {
            "nodes": _spanned("ast_id:i parent_ast_id:i kind:t name:t value:t span attrs:attrs"),
            "edges": pa.list_(struct("src:i dst:i kind:t slot:t idx:i attrs:attrs")),
            "errors": _spanned("error_type:t message:t span attrs:attrs"),
            "docstrings": _spanned(
                "owner_ast_id:i owner_kind:t owner_name:t docstring:t span source:t attrs:attrs"
            ),
            "imports": _spanned(
                "ast_id:i parent_ast_id:i kind:t module:t name:t asname:t alias_index:i level:i"
                " span attrs:attrs"
            ),
            "defs": _spanned("ast_id:i parent_ast_id:i kind:t name:t span attrs:attrs"),
            "calls": _spanned(
                "ast_id:i parent_ast_id:i func_kind:t func_name:t span attrs:attrs"
            ),
            "type_ignores": _spanned("ast_id:i tag:t span attrs:attrs"),
        },
    ),
    "symtable_files_v1": ("symtable", {"blocks": _BLOCKS}),
    "libcst_files_v1": (
        "cst",
        {
            "refs": pa.list_(
                struct(
                    "ref_id:t ref_kind:t ref_text:t expr_ctx:t scope_type:t scope_name:t"
                    " scope_role:t parent_kind:t inferred_type:t bstart:l bend:l attrs:attrs"
                )
            ),
            "imports": pa.list_(
                struct(
                    "kind:t module:t relative_level:i name:t asname:t is_star:b stmt_bstart:l"
                    " stmt_bend:l alias_bstart:l alias_bend:l attrs:attrs"
                )
            ),
            "callsites": pa.list_(
                struct(
                    "call_id:t call_bstart:l call_bend:l callee_bstart:l callee_bend:l"
                    " callee_shape:t callee_text:t arg_count:i callee_dotted:t callee_qnames"
                    " callee_fqns:texts inferred_type:t attrs:attrs",
                    callee_qnames=_QNAMES,
                )
            ),
            "defs": pa.list_(
                struct(
                    "def_id:t container_def_kind:t container_def_bstart:l container_def_bend:l"
                    " kind:t name:t def_bstart:l def_bend:l name_bstart:l name_bend:l qnames"
                    " def_fqns:texts docstring:t decorator_count:i attrs:attrs",
                    qnames=_QNAMES,
                )
            ),
        },
    ),
    "tree_sitter_files_v1": (
        "ts",
        {
            "nodes": pa.list_(
                struct(
                    "node_id:t node_uid:l parent_id:t kind:t kind_id:i grammar_id:i grammar_name:t"
                    " span flags attrs:attrs",
                    span=SPAN,
                    flags=struct(
                        "is_named:b has_error:b is_error:b is_missing:b is_extra:b has_changes:b"
                    ),
                )
            ),
            "edges": pa.list_(
                struct("parent_id:t child_id:t field_name:t child_index:i attrs:attrs")
            ),
            "errors": _spanned("error_id:t node_id:t span attrs:attrs"),
            "missing": _spanned("missing_id:t node_id:t span attrs:attrs"),
        },
    ),
}
STATS = struct("node_count:i named_count:i error_count:i missing_count:i parse_ms:l")
