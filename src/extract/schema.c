/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schemas of the evidence tables as declarations:
 *
 *     fields = field { "," field }     field = name [ "!" ] [ ":" type ]      ("!" = not null, no
 * type = utf8) type   = utf8 | int32 | int64 | bool | span | attrs | list(type) | list{fields} |
 * struct{fields}
 *
 * `span` and `attrs` stand for the shapes that every table shares. The semantic type of a field
 * follows from its name, so the metadata cannot drift away from the columns.
 */
#include "extract/evidence.h"

#define ROOT "repo,path!,file_id!,file_sha256,"
#define IDENT "file_id,path,file_sha256,"
#define SPAN_FIELDS                                                                                \
    "start:struct{line0:int32,col:int32},end:struct{line0:int32,col:int32},end_exclusive:bool,"    \
    "col_unit,byte_span:struct{byte_start:int32,byte_len:int32}"
#define DEPTH_MAX 8

static const pni_evidence_def defs[PNI_EVIDENCE_COUNT] = {
    [PNI_EVIDENCE_REPO_FILES] =
        {"repo_files_v1", NULL, "byte",
         "file_id!,path!,size_bytes:int64,file_sha256,encoding,status!,error"},
    [PNI_EVIDENCE_LINES] =
        {"file_line_index_v1", NULL, "byte",
         "file_id!,path!,line_no!:int64,line_start_byte!:int64,line_end_byte!:int64,line_text!,"
         "newline_kind!"},
    [PNI_EVIDENCE_AST] =
        {"ast_files_v1", "ast", "byte",
         ROOT "nodes:list{ast_id:int32,parent_ast_id:int32,kind,name,value,span:span,attrs:attrs},"
              "edges:list{src:int32,dst:int32,kind,slot,idx:int32,attrs:attrs},"
              "errors:list{error_type,message,span:span,attrs:attrs},"
              "docstrings:list{owner_ast_id:int32,owner_kind,owner_name,docstring,span:span,source,"
              "attrs:attrs},"
              "imports:list{ast_id:int32,parent_ast_id:int32,kind,module,name,asname,"
              "alias_index:int32,level:int32,span:span,attrs:attrs},"
              "defs:list{ast_id:int32,parent_ast_id:int32,kind,name,span:span,attrs:attrs},"
              "calls:list{ast_id:int32,parent_ast_id:int32,func_kind,func_name,span:span,"
              "attrs:attrs},"
              "type_ignores:list{ast_id:int32,tag,span:span,attrs:attrs},"
              "attrs:attrs"},
    [PNI_EVIDENCE_SYMTABLE] =
        {"symtable_files_v1", "symtable", "utf32",
         ROOT "blocks:list{block_id:int64,parent_block_id:int64,block_type,is_meta_scope:bool,name,"
              "lineno1:int32,span_hint:span,scope_id,scope_local_id:int64,scope_type_value:int32,"
              "qualpath,"
              "function_partitions:struct{parameters:list(utf8),locals:list(utf8),"
              "globals:list(utf8),nonlocals:list(utf8),frees:list(utf8)},"
              "class_methods:list(utf8),"
              "symbols:list{name,sym_symbol_id,flags:struct{is_referenced:bool,is_imported:bool,"
              "is_parameter:bool,is_type_parameter:bool,is_global:bool,is_nonlocal:bool,"
              "is_declared_global:bool,is_local:bool,is_annotated:bool,is_free:bool,"
              "is_assigned:bool,is_namespace:bool},namespace_count:int32,"
              "namespace_block_ids:list(int64),attrs:attrs},"
              "attrs:attrs},"
              "attrs:attrs"},
    [PNI_EVIDENCE_CST] =
        {"libcst_files_v1", "cst", "byte",
         ROOT "refs:list{" IDENT "ref_id,ref_kind,ref_text,expr_ctx,scope_type,scope_name,"
              "scope_role,parent_kind,inferred_type,bstart:int64,bend:int64,attrs:attrs},"
              "imports:list{" IDENT "kind,module,relative_level:int32,name,asname,is_star:bool,"
              "stmt_bstart:int64,stmt_bend:int64,alias_bstart:int64,alias_bend:int64,attrs:attrs},"
              "callsites:list{" IDENT "call_id,call_bstart:int64,call_bend:int64,"
              "callee_bstart:int64,callee_bend:int64,callee_shape,callee_text,arg_count:int32,"
              "callee_dotted,callee_qnames:list{name,source},callee_fqns:list(utf8),"
              "inferred_type,attrs:attrs},"
              "defs:list{" IDENT "def_id,container_def_kind,container_def_bstart:int64,"
              "container_def_bend:int64,kind,name,def_bstart:int64,def_bend:int64,"
              "name_bstart:int64,name_bend:int64,qnames:list{name,source},def_fqns:list(utf8),"
              "docstring,decorator_count:int32,attrs:attrs},"
              "attrs:attrs"},
    [PNI_EVIDENCE_TS] =
        {"tree_sitter_files_v1", "ts", "byte",
         ROOT "nodes:list{node_id,node_uid:int64,parent_id,kind,kind_id:int32,grammar_id:int32,"
              "grammar_name,span:span,flags:struct{is_named:bool,has_error:bool,is_error:bool,"
              "is_missing:bool,is_extra:bool,has_changes:bool},attrs:attrs},"
              "edges:list{parent_id,child_id,field_name,child_index:int32,attrs:attrs},"
              "errors:list{error_id,node_id,span:span,attrs:attrs},"
              "missing:list{missing_id,node_id,span:span,attrs:attrs},"
              "stats:struct{node_count:int32,named_count:int32,error_count:int32,"
              "missing_count:int32,parse_ms:int64,parse_timed_out:bool,incremental_used:bool,"
              "query_match_count:int32,query_capture_count:int32,match_limit_exceeded:bool},"
              "attrs:attrs"},
};

typedef struct parser {
    const char *at;
    const char *col_unit;
    int depth;
    pn_error *err;
} parser;

typedef PNI_VEC(struct ArrowSchema) field_list;

static pn_status parse_fields(parser *p, const char *text_end, struct ArrowSchema *out);

static pn_status broken(const parser *p, const char *what) {
    return pni_fail(p->err, PNI_E_INTERNAL, "evidence schema at '%.40s': %s", p->at, what);
}

static pn_status check_arrow(const parser *p, int code) {
    return code == NANOARROW_OK ? PN_OK : broken(p, "out of memory or a wrong type");
}

/* ---- metadata ------------------------------------------------------------------------------ */

static pn_status set_metadata(const parser *p, struct ArrowSchema *field,
                              const char *const (*pairs)[2]) {
    struct ArrowBuffer buffer;
    PNI_TRY(check_arrow(p, ArrowMetadataBuilderInit(&buffer, NULL)));
    int code = NANOARROW_OK;
    for (size_t i = 0; pairs[i][0] != NULL && code == NANOARROW_OK; i++) {
        code = ArrowMetadataBuilderAppend(&buffer, ArrowCharView(pairs[i][0]),
                                          ArrowCharView(pairs[i][1]));
    }
    if (code == NANOARROW_OK) {
        code = ArrowSchemaSetMetadata(field, (const char *)buffer.data);
    }
    ArrowBufferReset(&buffer);
    return check_arrow(p, code);
}

/* Which semantic type a text column's name stands for, or NULL. */
static const char *semantic_type(const char *name) {
    static const char *const spans[] = {"span_id", "error_id", "missing_id", "capture_id"};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        if (pni_streq(name, spans[i])) {
            return "SpanId";
        }
    }
    if (pni_streq(name, "edge_id") || pni_ends_with(name, "_edge_id")) {
        return "EdgeId";
    }
    if (pni_streq(name, "node_id") || pni_ends_with(name, "_node_id") ||
        pni_streq(name, "parent_id") || pni_streq(name, "child_id")) {
        return "NodeId";
    }
    return pni_ends_with(name, "_span_id") ? "SpanId" : NULL;
}

static pn_status add_metadata(const parser *p, struct ArrowSchema *field, bool is_span,
                              bool is_attrs) {
    if (is_span) {
        const char *const pairs[][2] = {{"col_unit", p->col_unit},
                                        {"end_exclusive", "true"},
                                        {"line_base", "0"},
                                        {"semantic_type", "Span"},
                                        {NULL, NULL}};
        return set_metadata(p, field, pairs);
    }
    if (is_attrs) {
        const char *const pairs[][2] = {{"default_value", "{}"}, {NULL, NULL}};
        return set_metadata(p, field, pairs);
    }
    if (pni_streq(field->name, "byte_span")) {
        const char *const pairs[][2] = {{"semantic_type", "ByteSpan"}, {NULL, NULL}};
        return set_metadata(p, field, pairs);
    }
    const char *semantic = pni_streq(field->format, "u") ? semantic_type(field->name) : NULL;
    if (semantic == NULL) {
        return PN_OK;
    }
    const char *const pairs[][2] = {{"semantic_type", semantic}, {NULL, NULL}};
    return set_metadata(p, field, pairs);
}

bool pni_evidence_metadata(const struct ArrowSchema *field, const char *key, char *out,
                           size_t size) {
    struct ArrowStringView value = ArrowCharView(NULL);
    if (field->metadata == NULL ||
        ArrowMetadataGetValue(field->metadata, ArrowCharView(key), &value) != NANOARROW_OK ||
        value.data == NULL || (size_t)value.size_bytes >= size) {
        return false;
    }
    memcpy(out, value.data, (size_t)value.size_bytes);
    out[value.size_bytes] = '\0';
    return true;
}

/* ---- the declaration language -------------------------------------------------------------- */

static bool take(parser *p, const char *word) {
    const bool has = pni_starts_with(p->at, word);
    p->at += has ? strlen(word) : 0;
    return has;
}

static pn_status parse_type(parser *p, struct ArrowSchema *out);

static pn_status parse_list(parser *p, struct ArrowSchema *out) {
    PNI_TRY(check_arrow(p, ArrowSchemaInitFromType(out, NANOARROW_TYPE_LIST)));
    struct ArrowSchema *item = out->children[0];
    if (take(p, "{")) {
        PNI_TRY(parse_fields(p, "}", item));
    } else if (take(p, "(")) {
        ArrowSchemaRelease(item);
        PNI_TRY(parse_type(p, item));
        if (!take(p, ")")) {
            return broken(p, "missing )");
        }
    } else {
        return broken(p, "missing ( or {");
    }
    return check_arrow(p, ArrowSchemaSetName(item, "item"));
}

static pn_status parse_attrs(const parser *p, struct ArrowSchema *out) {
    PNI_TRY(check_arrow(p, ArrowSchemaInitFromType(out, NANOARROW_TYPE_MAP)));
    PNI_TRY(
        check_arrow(p, ArrowSchemaSetType(out->children[0]->children[0], NANOARROW_TYPE_STRING)));
    return check_arrow(p, ArrowSchemaSetType(out->children[0]->children[1], NANOARROW_TYPE_STRING));
}

static pn_status parse_span(const parser *p, struct ArrowSchema *out) {
    parser inner = {SPAN_FIELDS, p->col_unit, p->depth, p->err};
    return parse_fields(&inner, "", out);
}

static pn_status parse_type(parser *p, struct ArrowSchema *out) {
    static const struct {
        const char *word;
        enum ArrowType type;
    } plain[] = {{"utf8", NANOARROW_TYPE_STRING},
                 {"int32", NANOARROW_TYPE_INT32},
                 {"int64", NANOARROW_TYPE_INT64},
                 {"bool", NANOARROW_TYPE_BOOL}};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (take(p, plain[i].word)) {
            return check_arrow(p, ArrowSchemaInitFromType(out, plain[i].type));
        }
    }
    if (take(p, "list")) {
        return parse_list(p, out);
    }
    if (take(p, "struct{")) {
        return parse_fields(p, "}", out);
    }
    return take(p, "attrs")  ? parse_attrs(p, out)
           : take(p, "span") ? parse_span(p, out)
                             : broken(p, "unknown type");
}

static pn_status parse_field(parser *p, struct ArrowSchema *out) {
    const size_t len = strspn(p->at, "abcdefghijklmnopqrstuvwxyz0123456789_");
    char name[PNI_NAME_MAX_BYTES];
    if (len == 0 || len >= sizeof name) {
        return broken(p, "missing name");
    }
    memcpy(name, p->at, len);
    name[len] = '\0';
    p->at += len;
    const bool required = take(p, "!");
    const bool typed = take(p, ":");
    const bool is_span = typed && pni_starts_with(p->at, "span");
    const bool is_attrs = typed && pni_starts_with(p->at, "attrs");
    PNI_TRY(typed ? parse_type(p, out)
                  : check_arrow(p, ArrowSchemaInitFromType(out, NANOARROW_TYPE_STRING)));
    PNI_TRY(check_arrow(p, ArrowSchemaSetName(out, name)));
    out->flags =
        required ? out->flags & ~(int64_t)ARROW_FLAG_NULLABLE : out->flags | ARROW_FLAG_NULLABLE;
    return add_metadata(p, out, is_span, is_attrs);
}

static pn_status collect_fields(parser *p, const char *text_end, field_list *fields) {
    do {
        const struct ArrowSchema none = {0};
        pni_vec_push(fields, none);
        PNI_TRY(parse_field(p, &fields->items[fields->count - 1]));
    } while (take(p, ","));
    return take(p, text_end) ? PN_OK : broken(p, "missing , or end");
}

static pn_status parse_fields(parser *p, const char *text_end, struct ArrowSchema *out) {
    if (++p->depth > DEPTH_MAX) {
        return broken(p, "nested too deep");
    }
    field_list fields = {0};
    pn_status status = collect_fields(p, text_end, &fields);
    if (out->release != NULL) {
        ArrowSchemaRelease(out);
    }
    if (status == PN_OK) {
        ArrowSchemaInit(out);
        status = check_arrow(p, ArrowSchemaSetTypeStruct(out, (int64_t)fields.count));
    }
    for (size_t i = 0; i < fields.count; i++) {
        if (status == PN_OK) {
            ArrowSchemaRelease(out->children[i]);
            ArrowSchemaMove(&fields.items[i], out->children[i]);
        } else if (fields.items[i].release != NULL) {
            ArrowSchemaRelease(&fields.items[i]);
        }
    }
    pni_vec_dispose(&fields);
    p->depth--;
    return status;
}

pn_status pni_evidence_declare(const char *fields, const char *col_unit, struct ArrowSchema *out,
                               pn_error *err) {
    parser p = {fields, col_unit, 0, err};
    struct ArrowSchema schema = {0};
    const pn_status status = parse_fields(&p, "", &schema);
    if (status != PN_OK || *p.at != '\0') {
        if (schema.release != NULL) {
            ArrowSchemaRelease(&schema);
        }
        return status != PN_OK ? status : broken(&p, "text after the end");
    }
    schema.flags &= ~(int64_t)ARROW_FLAG_NULLABLE;
    ArrowSchemaMove(&schema, out);
    return PN_OK;
}

/* ---- the tables ---------------------------------------------------------------------------- */

const pni_evidence_def *pni_evidence_def_at(pni_evidence which) {
    return &defs[which];
}

pn_status pni_evidence_schema(pni_evidence which, struct ArrowSchema *out, pn_error *err) {
    const pni_evidence_def *def = &defs[which];
    PNI_AUTO_SCHEMA schema = {0};
    PNI_TRY(pni_evidence_declare(def->fields, def->col_unit, &schema, err));
    const parser p = {def->name, def->col_unit, 0, err};
    const char *version = strrchr(def->name, '_') + 2; /* past "_v" */
    const char *const pairs[][2] = {{"key_fields", "file_id,path"},
                                    {"ordering_keys", "path asc,file_id asc"},
                                    {"ordering_level", "EXPLICIT"},
                                    {"required_non_null", "file_id,path"},
                                    {"schema_name", def->name},
                                    {"schema_version", version},
                                    {NULL, NULL}};
    PNI_TRY(set_metadata(&p, &schema, pairs));
    ArrowSchemaMove(&schema, out);
    return PN_OK;
}
