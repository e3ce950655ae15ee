/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two plans side by side, relation by relation from the root: which of their relations differ, in
 * which field, and what the field says on either side. Pairs of relations lie on a stack. A pair of
 * one kind is compared field by field, then its inputs and its subqueries are paired. A pair of two
 * kinds is taken for a relation that only one side has when the same kind stands a few single
 * inputs further down on that side; else that subtree ends there, since everything in it would
 * differ.
 *
 * Each plan is walked once. No difference is listed exactly when the canonical bytes are equal.
 */
#include "substrait/diff.h"

enum { TEXT_MAX = 400, AHEAD_MAX = 8, PATH_STEPS = 24, DIFFERENCES_MAX = 10000 };

/* A relation on the way from the root. */
typedef struct place {
    const struct place *reader; /* NULL at the root */
    const char *branch;         /* of the reader, when it has several */
    const char *kind;
    size_t depth;
} place;

typedef struct pair {
    const pni_rel *left;
    const pni_rel *right;
    const place *reader;
    const char *branch;
} pair;

typedef struct branch {
    const pni_rel *rel;
    const char *name;
} branch;

typedef PNI_VEC(branch) branch_vec;

typedef struct diff {
    const pn_substrait *left;
    const pn_substrait *right;
    pni_arena *arena;
    json_t *found; /* array of differences */
    size_t max;
    PNI_VEC(pair) stack;
} diff;

/* What a difference is about; what is NULL is not said. */
typedef struct finding {
    const place *reader; /* of the relation; NULL at the root */
    const char *branch;
    const char *kind;   /* of the relation; NULL for the plan itself */
    const char *change; /* "changed", "removed": only the left has it, "added", "replaced" */
    const char *field;  /* of the relation; NULL: all of it */
    const pni_mismatch *mismatch;
    const char *left; /* texts */
    const char *right;
} finding;

static bool is_full(const diff *d) {
    return json_array_size(d->found) >= d->max;
}

/* ---- findings ----------------------------------------------------------------------------- */

static void write_path(const finding *f, pn_buf *out) {
    const place *steps[PATH_STEPS];
    size_t count = 0;
    size_t depth = f->reader ? f->reader->depth : 0;
    for (const place *p = f->reader; p && count < PATH_STEPS; p = p->reader) {
        steps[count++] = p;
    }
    if (depth > count) {
        pni_buf_printf(out, "(%zu relations)/", depth - count);
    }
    for (size_t i = count; i-- > 0;) {
        const char *taken = i > 0 ? steps[i - 1]->branch : f->branch;
        pni_buf_printf(out, "%s%s%s/", steps[i]->kind, taken ? "." : "", taken ? taken : "");
    }
    pni_buf_puts(out, f->kind ? f->kind : "plan");
}

static void set_text(json_t *object, const char *key, const char *text) {
    if (text && *text) {
        json_object_set_new(object, key, json_string(text));
    }
}

static void report(diff *d, const finding *f) {
    PNI_AUTO(pn_buf) path = PN_BUF_INIT;
    json_t *object = json_object();
    write_path(f, &path);
    set_text(object, "path", pni_buf_text(&path));
    set_text(object, "change", f->change);
    set_text(object, "field", f->field);
    set_text(object, "left", f->left);
    set_text(object, "right", f->right);
    if (f->mismatch) {
        set_text(object, "at", pni_buf_text(&f->mismatch->at));
        set_text(object, "left_value", pni_buf_text(&f->mismatch->left));
        set_text(object, "right_value", pni_buf_text(&f->mismatch->right));
    }
    json_array_append_new(d->found, object);
}

/* ---- fields of one relation --------------------------------------------------------------- */

static bool is_relation(const ProtobufCFieldDescriptor *field) {
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           field->descriptor == &substrait__rel__descriptor;
}

static void item_text(const pn_substrait *plan, const ProtobufCMessage *msg,
                      const ProtobufCFieldDescriptor *field, size_t index, pn_buf *out) {
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        pni_message_text(plan, pni_field_child(msg, field, index), TEXT_MAX, out);
    } else {
        pni_scalar_text(plan, msg, field, index, out);
    }
}

static bool items_differ(const diff *d, const ProtobufCMessage *left, const ProtobufCMessage *right,
                         const ProtobufCFieldDescriptor *field, size_t index, pni_mismatch *out) {
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return pni_messages_differ(d->left, pni_field_child(left, field, index), d->right,
                                   pni_field_child(right, field, index), out);
    }
    return !pni_scalars_equal(d->left, left, d->right, right, field, index);
}

/* Both sides have the item: reports it when it differs. */
static void compare_item(diff *d, finding *f, const ProtobufCMessage *left,
                         const ProtobufCMessage *right, const ProtobufCFieldDescriptor *field,
                         size_t index) {
    PNI_AUTO(pn_buf) left_text = PN_BUF_INIT;
    PNI_AUTO(pn_buf) right_text = PN_BUF_INIT;
    pni_mismatch mismatch = {PN_BUF_INIT, PN_BUF_INIT, PN_BUF_INIT};
    if (items_differ(d, left, right, field, index, &mismatch)) {
        item_text(d->left, left, field, index, &left_text);
        item_text(d->right, right, field, index, &right_text);
        f->change = "changed";
        f->mismatch = &mismatch;
        f->left = pni_buf_text(&left_text);
        f->right = pni_buf_text(&right_text);
        report(d, f);
    }
    pn_buf_dispose(&mismatch.at);
    pn_buf_dispose(&mismatch.left);
    pn_buf_dispose(&mismatch.right);
}

/* Only one side has the item. */
static void report_single(diff *d, finding *f, bool is_left, const ProtobufCMessage *msg,
                          const ProtobufCFieldDescriptor *field, size_t index) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    item_text(is_left ? d->left : d->right, msg, field, index, &text);
    f->change = is_left ? "removed" : "added";
    f->mismatch = NULL;
    f->left = is_left ? pni_buf_text(&text) : NULL;
    f->right = is_left ? NULL : pni_buf_text(&text);
    report(d, f);
}

static void compare_field(diff *d, const finding *about, const ProtobufCMessage *left,
                          const ProtobufCMessage *right, const ProtobufCFieldDescriptor *field) {
    size_t n_left = pni_field_count(left, field);
    size_t n_right = pni_field_count(right, field);
    size_t n = n_left > n_right ? n_left : n_right;
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    for (size_t i = 0; i < n && !is_full(d); i++) {
        finding f = *about;
        pni_buf_clear(&name);
        pni_buf_puts(&name, field->name);
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            pni_buf_printf(&name, "[%zu]", i);
        }
        f.field = pni_buf_text(&name);
        if (i < n_left && i < n_right) {
            compare_item(d, &f, left, right, field, i);
        } else {
            report_single(d, &f, i < n_left, i < n_left ? left : right, field, i);
        }
    }
}

/* All fields but relations and what is left out by name. */
static void compare_fields(diff *d, const finding *about, const ProtobufCMessage *left,
                           const ProtobufCMessage *right, const char *const *left_out) {
    const ProtobufCMessageDescriptor *desc = left->descriptor;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        bool skip = is_relation(&desc->fields[f]);
        for (const char *const *name = left_out; name && *name && !skip; name++) {
            skip = pni_streq(*name, desc->fields[f].name);
        }
        if (!skip) {
            compare_field(d, about, left, right, &desc->fields[f]);
        }
    }
}

/* ---- pairing ------------------------------------------------------------------------------ */

typedef struct collector {
    diff *d;
    branch_vec *out;
    size_t subqueries;
} collector;

static pn_status find_subqueries(void *ctx, pni_node *node, pn_error *err) {
    collector *c = ctx;
    (void)err;
    if (node->msg->descriptor == &substrait__rel__descriptor) {
        const char *name = pni_arena_printf(c->d->arena, "subquery[%zu]", c->subqueries++);
        branch found = {(const void *)node->msg, name};
        pni_vec_push(c->out, found);
        node->skip = true;
    }
    return PN_OK;
}

static pn_status branches_of(diff *d, const pni_rel *rel, branch_vec *out, pn_error *err) {
    const ProtobufCMessage *body = pni_rel_body(rel);
    const ProtobufCMessageDescriptor *desc = body->descriptor;
    collector c = {.d = d, .out = out};
    for (unsigned f = 0; f < desc->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &desc->fields[f];
        size_t n = field->type == PROTOBUF_C_TYPE_MESSAGE ? pni_field_count(body, field) : 0;
        for (size_t i = 0; i < n; i++) {
            ProtobufCMessage *below = pni_field_child(body, field, i);
            if (!is_relation(field)) {
                PNI_TRY(pni_tree_walk(below, find_subqueries, &c, err));
                continue;
            }
            bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
            branch found = {(const void *)below,
                            is_list ? pni_arena_printf(d->arena, "%s[%zu]", field->name, i)
                                    : field->name};
            pni_vec_push(out, found);
        }
    }
    return PN_OK;
}

static void report_relation(diff *d, const pair *p, const char *change) {
    const pni_rel *rel = p->left ? p->left : p->right;
    PNI_AUTO(pn_buf) left = PN_BUF_INIT;
    PNI_AUTO(pn_buf) right = PN_BUF_INIT;
    finding f = {.reader = p->reader, .branch = p->branch, .change = change};
    f.kind = pni_rel_kind(rel);
    if (p->left) {
        pni_rel_text(d->left, p->left, &left);
    }
    if (p->right) {
        pni_rel_text(d->right, p->right, &right);
    }
    f.left = pni_buf_text(&left);
    f.right = pni_buf_text(&right);
    report(d, &f);
}

/* The input of a relation that has exactly one; NULL otherwise. */
static const pni_rel *only_input(const pni_rel *rel) {
    const ProtobufCMessage *body = pni_rel_body(rel);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(body->descriptor, "input");
    return field && pni_field_count(body, field) ? (const void *)pni_field_child(body, field, 0)
                                                 : NULL;
}

/* How many single inputs below `rel` a relation of the kind of `wanted` stands; 0 for none. */
static size_t ahead(const pni_rel *rel, const pni_rel *wanted) {
    for (size_t n = 1; n <= AHEAD_MAX; n++) {
        rel = only_input(rel);
        if (!rel) {
            return 0;
        }
        if (rel->rel_type_case == wanted->rel_type_case) {
            return n;
        }
    }
    return 0;
}

/* Two kinds: one side has a relation more, or the subtrees have nothing to do with each other. */
static void compare_kinds(diff *d, const pair *p) {
    size_t left = ahead(p->left, p->right);
    size_t right = ahead(p->right, p->left);
    pair next = *p;
    if (left && (!right || left <= right)) {
        pair single = {p->left, NULL, p->reader, p->branch};
        report_relation(d, &single, "removed");
        next.left = only_input(p->left);
    } else if (right) {
        pair single = {NULL, p->right, p->reader, p->branch};
        report_relation(d, &single, "added");
        next.right = only_input(p->right);
    } else {
        report_relation(d, p, "replaced");
        return;
    }
    pni_vec_push(&d->stack, next);
}

static place *place_of(diff *d, const pair *p) {
    place *made = pni_arena_alloc(d->arena, sizeof *made);
    made->reader = p->reader;
    made->branch = p->branch;
    made->kind = pni_rel_kind(p->left);
    made->depth = p->reader ? p->reader->depth + 1 : 1;
    return made;
}

/* Pairs what is below, the first pair on top of the stack. */
static pn_status pair_below(diff *d, const pair *p, pn_error *err) {
    branch_vec left = {0};
    branch_vec right = {0};
    pn_status status = branches_of(d, p->left, &left, err);
    if (status == PN_OK) {
        status = branches_of(d, p->right, &right, err);
    }
    size_t n = left.count > right.count ? left.count : right.count;
    const place *here = n ? place_of(d, p) : NULL;
    for (size_t i = n; status == PN_OK && i-- > 0;) {
        static const branch none = {NULL, NULL};
        const branch one = i < left.count ? left.items[i] : none;
        const branch other = i < right.count ? right.items[i] : none;
        const char *name = one.name ? one.name : other.name;
        pair below = {one.rel, other.rel, here, n > 1 ? name : NULL};
        pni_vec_push(&d->stack, below);
    }
    pni_vec_dispose(&left);
    pni_vec_dispose(&right);
    return status;
}

static pn_status compare_pair(diff *d, const pair *p, pn_error *err) {
    if (!p->left || !p->right) {
        report_relation(d, p, p->left ? "removed" : "added");
        return PN_OK;
    }
    if (p->left->rel_type_case != p->right->rel_type_case) {
        compare_kinds(d, p);
        return PN_OK;
    }
    finding about = {.reader = p->reader, .branch = p->branch, .kind = pni_rel_kind(p->left)};
    compare_fields(d, &about, pni_rel_body(p->left), pni_rel_body(p->right), NULL);
    return pair_below(d, p, err);
}

/* What is no relation: names of the result, aliases, bindings. */
static void compare_plans(diff *d) {
    static const char *const left_out[] = {"version", "extension_urns", "extensions", "relations",
                                           NULL};
    const Substrait__Plan *left = pni_substrait_plan(d->left);
    const Substrait__Plan *right = pni_substrait_plan(d->right);
    const Substrait__PlanRel *one = left->relations[0];
    const Substrait__PlanRel *other = right->relations[0];
    finding about = {0};
    compare_fields(d, &about, &left->base, &right->base, left_out);
    if (one->rel_type_case == other->rel_type_case) {
        if (one->rel_type_case == SUBSTRAIT__PLAN_REL__REL_TYPE_ROOT) {
            compare_fields(d, &about, &one->root->base, &other->root->base, NULL);
        }
        return;
    }
    about.change = "changed";
    about.field = "relations[0]";
    about.left = one->rel_type_case == SUBSTRAIT__PLAN_REL__REL_TYPE_ROOT ? "root" : "rel";
    about.right = other->rel_type_case == SUBSTRAIT__PLAN_REL__REL_TYPE_ROOT ? "root" : "rel";
    report(d, &about);
}

/* ---- output ------------------------------------------------------------------------------- */

static void write_side(const json_t *found, const char *key, const char *label, pn_buf *out) {
    const char *text = pni_json_text(found, key);
    if (text) {
        pni_buf_printf(out, "  %s  %s\n", label, text);
    }
}

static void write_text(const json_t *all, pn_buf *out) {
    size_t i;
    json_t *found;
    json_array_foreach(all, i, found) {
        const char *field = pni_json_text(found, "field");
        const char *at = pni_json_text(found, "at");
        const char *left = pni_json_text(found, "left_value");
        const char *right = pni_json_text(found, "right_value");
        pni_buf_printf(out, "%s: %s%s%s", pni_json_text(found, "path"), field ? field : "",
                       field ? " " : "", pni_json_text(found, "change"));
        if (at) {
            pni_buf_printf(out, " at %s", at);
        }
        if (left && right) {
            pni_buf_printf(out, ": %s -> %s", left, right);
        }
        pni_buf_putc(out, '\n');
        write_side(found, "left", "left ", out);
        write_side(found, "right", "right", out);
    }
}

static pn_status write_json(const diff *d, pn_buf *out, pn_error *err) {
    PNI_AUTO_PTR(json_t)
    document = json_pack("{s:b, s:O}", "equal", pn_substrait_equal(d->left, d->right),
                         "differences", d->found);
    return pni_json_canonical(document, out, err);
}

static pn_status run(diff *d, const pn_substrait_diff_options *options, pn_buf *out,
                     pn_error *err) {
    pair root = {pni_substrait_root(d->left), pni_substrait_root(d->right), NULL, NULL};
    pn_status status = PN_OK;
    if (!pn_substrait_equal(d->left, d->right)) {
        compare_plans(d);
        pni_vec_push(&d->stack, root);
    }
    while (status == PN_OK && d->stack.count > 0 && !is_full(d)) {
        pair next = d->stack.items[--d->stack.count];
        status = compare_pair(d, &next, err);
    }
    if (status == PN_OK && options->json) {
        status = write_json(d, out, err);
    } else if (status == PN_OK) {
        write_text(d->found, out);
    }
    return status;
}

pn_status pn_substrait_diff(const pn_substrait *left, const pn_substrait *right,
                            const pn_substrait_diff_options *options, pn_buf *out,
                            size_t *count_out, pn_error *err) {
    pn_substrait_diff_options given;
    if (!left || !right || !out) {
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_substrait_diff: left, right and out must not be NULL");
    }
    PNI_TRY(pni_options_copy(&given, sizeof given, options, "pn_substrait_diff_options", err));
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    PNI_AUTO_PTR(json_t) found = json_array();
    diff d = {.left = left, .right = right, .arena = arena, .found = found};
    d.max = given.max_count ? given.max_count : 1;
    d.max = d.max > DIFFERENCES_MAX ? DIFFERENCES_MAX : d.max;
    pn_status status = run(&d, &given, out, err);
    pni_vec_dispose(&d.stack);
    if (status == PN_OK && count_out) {
        *count_out = json_array_size(found);
    }
    return status;
}
