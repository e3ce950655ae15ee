/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers extension declarations by first use. Producers emit them in the order of a hash map, so
 * the same query gives other anchors in each session; here anchors are 1..n in the order in which
 * the walk meets them, what is not used goes, and two declarations of one thing become one.
 *
 * A field refers to a declaration by its name ("function_reference", …), whatever message it stands
 * in. Type variations keep their numbers: engines use fixed ones that are declared nowhere.
 */
#include "substrait/substrait_priv.h"

#include <stdlib.h>

/* Short forms of generated names. */
#define MAPPING(kind) SUBSTRAIT__EXTENSIONS__SIMPLE_EXTENSION_DECLARATION__MAPPING_TYPE_##kind
#define DECLARATION(kind)                                                                          \
    substrait__extensions__simple_extension_declaration__extension_##kind##__descriptor

typedef enum space { SPACE_TYPE, SPACE_VARIATION, SPACE_FUNCTION, SPACE_ALIAS, SPACE_COUNT } space;

typedef struct decl {
    space space;
    uint32_t anchor;
    const char *urn; /* "" when there is none */
    const char *name;
    Substrait__TypeAlias *alias;
    struct decl *same; /* the first declaration of the same thing; itself when it is that */
    uint32_t number;   /* 0 = not used */
} decl;

typedef struct numbering {
    Substrait__Plan *plan;
    pni_arena *arena;
    decl *decls; /* sorted by space and anchor */
    size_t n_decls;
    uint32_t next[SPACE_COUNT];
    PNI_VEC(decl *) aliases; /* in the order of their numbers */
} numbering;

typedef struct reference_name {
    const char *name;
    space space;
} reference_name;

static const char *const space_names[SPACE_COUNT] = {"type", "type variation", "function",
                                                     "type alias"};

static int cmp_decls(const void *a, const void *b) {
    const decl *left = a;
    const decl *right = b;
    if (left->space != right->space) {
        return left->space < right->space ? -1 : 1;
    }
    return (left->anchor > right->anchor) - (left->anchor < right->anchor);
}

static decl *find(numbering *n, space where, uint32_t anchor) {
    decl key = {.space = where, .anchor = anchor};
    return n->n_decls ? bsearch(&key, n->decls, n->n_decls, sizeof key, cmp_decls) : NULL;
}

/* ---- reading ------------------------------------------------------------------------------ */

static int cmp_urns(const void *a, const void *b) {
    uint32_t left = (*(Substrait__Extensions__SimpleExtensionURN *const *)a)->extension_urn_anchor;
    uint32_t right = (*(Substrait__Extensions__SimpleExtensionURN *const *)b)->extension_urn_anchor;
    return (left > right) - (left < right);
}

/* Engines that have no URN refer to one that is not there; that means none. */
static const char *urn_of(const Substrait__Plan *plan, uint32_t anchor) {
    Substrait__Extensions__SimpleExtensionURN key = {.extension_urn_anchor = anchor};
    Substrait__Extensions__SimpleExtensionURN *key_at = &key;
    Substrait__Extensions__SimpleExtensionURN **found =
        plan->n_extension_urns ? bsearch(&key_at, plan->extension_urns, plan->n_extension_urns,
                                         sizeof key_at, cmp_urns)
                               : NULL;
    return found ? (*found)->urn : "";
}

static pn_status read_extension(const Substrait__Plan *plan, size_t index, decl *out,
                                pn_error *err) {
    const Substrait__Extensions__SimpleExtensionDeclaration *extension = plan->extensions[index];
    uint32_t urn;
    switch ((int)extension->mapping_type_case) {
    case MAPPING(EXTENSION_TYPE):
        out->space = SPACE_TYPE;
        out->anchor = extension->extension_type->type_anchor;
        out->name = extension->extension_type->name;
        urn = extension->extension_type->extension_urn_reference;
        break;
    case MAPPING(EXTENSION_TYPE_VARIATION):
        out->space = SPACE_VARIATION;
        out->anchor = extension->extension_type_variation->type_variation_anchor;
        out->name = extension->extension_type_variation->name;
        urn = extension->extension_type_variation->extension_urn_reference;
        break;
    case MAPPING(EXTENSION_FUNCTION):
        out->space = SPACE_FUNCTION;
        out->anchor = extension->extension_function->function_anchor;
        out->name = extension->extension_function->name;
        urn = extension->extension_function->extension_urn_reference;
        break;
    case MAPPING(_NOT_SET):
    default:
        return pni_fail(err, PNI_E_SUBSTRAIT_ANCHOR, "extension declaration %zu is empty", index);
    }
    out->urn = urn_of(plan, urn);
    return PN_OK;
}

static pn_status check_unique(const numbering *n, pn_error *err) {
    for (size_t i = 1; i < n->n_decls; i++) {
        if (cmp_decls(&n->decls[i - 1], &n->decls[i]) == 0) {
            return pni_fail(err, PNI_E_SUBSTRAIT_ANCHOR, "%s %u is declared twice",
                            space_names[n->decls[i].space], n->decls[i].anchor);
        }
    }
    return PN_OK;
}

/* Declarations with the same space, URN and name are one; aliases are always their own. */
static void join_same(numbering *n) {
    PNI_AUTO_PTR(pni_map) first = pni_map_new();
    PNI_AUTO(pn_buf) key = PN_BUF_INIT;
    for (size_t i = 0; i < n->n_decls; i++) {
        decl *d = &n->decls[i];
        d->same = d;
        if (d->space != SPACE_FUNCTION && d->space != SPACE_TYPE) {
            continue;
        }
        pni_buf_clear(&key);
        pni_buf_printf(&key, "%d %zu ", (int)d->space, strlen(d->urn));
        pni_buf_puts(&key, d->urn);
        pni_buf_puts(&key, d->name);
        decl *known = pni_map_get(first, pni_buf_text(&key));
        if (known) {
            d->same = known;
        } else {
            pni_map_put(first, pni_buf_text(&key), d);
        }
    }
}

static pn_status read_decls(numbering *n, pn_error *err) {
    Substrait__Plan *plan = n->plan;
    size_t total = plan->n_extensions + plan->n_type_aliases;
    if (plan->n_extension_urns > 1) {
        qsort(plan->extension_urns, plan->n_extension_urns, sizeof *plan->extension_urns, cmp_urns);
    }
    for (size_t i = 1; i < plan->n_extension_urns; i++) {
        if (cmp_urns(&plan->extension_urns[i - 1], &plan->extension_urns[i]) == 0) {
            return pni_fail(err, PNI_E_SUBSTRAIT_ANCHOR, "extension URN %u is declared twice",
                            plan->extension_urns[i]->extension_urn_anchor);
        }
    }
    n->decls = pni_arena_alloc(n->arena, total * sizeof *n->decls + 1);
    for (size_t i = 0; i < plan->n_extensions; i++) {
        PNI_TRY(read_extension(plan, i, &n->decls[n->n_decls++], err));
    }
    for (size_t i = 0; i < plan->n_type_aliases; i++) {
        decl *d = &n->decls[n->n_decls++];
        d->space = SPACE_ALIAS;
        d->alias = plan->type_aliases[i];
        d->anchor = d->alias->type_alias_anchor;
        d->urn = d->name = "";
    }
    if (n->n_decls > 1) {
        qsort(n->decls, n->n_decls, sizeof *n->decls, cmp_decls);
    }
    join_same(n);
    return check_unique(n, err);
}

/* ---- numbering ---------------------------------------------------------------------------- */

static bool is_reference(const ProtobufCFieldDescriptor *field, space *where) {
    static const reference_name names[] = {
        {"function_reference", SPACE_FUNCTION},
        {"comparison_function_reference", SPACE_FUNCTION},
        {"custom_function_reference", SPACE_FUNCTION},
        {"type_reference", SPACE_TYPE},
        {"user_defined_type_reference", SPACE_TYPE},
        {"type_variation_reference", SPACE_VARIATION},
        {"type_alias_reference", SPACE_ALIAS},
    };
    if (field->type != PROTOBUF_C_TYPE_UINT32 || field->label == PROTOBUF_C_LABEL_REPEATED) {
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (pni_streq(field->name, names[i].name)) {
            *where = names[i].space;
            return true;
        }
    }
    return false;
}

static pn_status renumber(numbering *n, space where, uint32_t *anchor, pn_error *err) {
    decl *d = find(n, where, *anchor);
    if (!d) {
        if (where == SPACE_VARIATION) {
            return PN_OK;
        }
        return pni_fail(err, PNI_E_SUBSTRAIT_ANCHOR, "%s %u is not declared", space_names[where],
                        *anchor);
    }
    d = d->same;
    if (where == SPACE_VARIATION) {
        d->number = d->anchor;
        return PN_OK;
    }
    if (d->number == 0) {
        d->number = ++n->next[where];
        if (where == SPACE_ALIAS) {
            pni_vec_push(&n->aliases, d);
        }
    }
    *anchor = d->number;
    return PN_OK;
}

static pn_status visit(void *ctx, pni_node *node, pn_error *err) {
    const ProtobufCMessageDescriptor *desc = node->msg->descriptor;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        space where;
        if (is_reference(&desc->fields[f], &where) &&
            pni_field_count(node->msg, &desc->fields[f])) {
            void *place = (char *)node->msg + desc->fields[f].offset;
            PNI_TRY(renumber(ctx, where, place, err));
        }
    }
    return PN_OK;
}

/* What an alias stands for may use further types and aliases; the list grows while it is walked. */
static pn_status visit_aliases(numbering *n, pn_error *err) {
    for (size_t i = 0; i < n->aliases.count; i++) {
        Substrait__TypeAlias *alias = n->aliases.items[i]->alias;
        if (alias->type) {
            PNI_TRY(pni_tree_walk(&alias->type->base, visit, n, err));
        }
    }
    return PN_OK;
}

/* ---- writing ------------------------------------------------------------------------------ */

static int cmp_numbers(const void *a, const void *b) {
    const decl *left = *(decl *const *)a;
    const decl *right = *(decl *const *)b;
    if (left->space != right->space) {
        return left->space < right->space ? -1 : 1;
    }
    return (left->number > right->number) - (left->number < right->number);
}

/* URNs are numbered by the order of the declarations that name them. */
static uint32_t urn_number(numbering *n, pni_map *urns, const char *urn) {
    if (!*urn) {
        return 0;
    }
    if (!pni_map_has(urns, urn)) {
        Substrait__Extensions__SimpleExtensionURN *made =
            pni_pb_new(n->arena, &substrait__extensions__simple_extension_urn__descriptor);
        uint32_t number = (uint32_t)pni_map_count(urns) + 1;
        made->extension_urn_anchor = number;
        made->urn = pni_arena_strdup(n->arena, urn);
        n->plan->extension_urns[n->plan->n_extension_urns++] = made;
        pni_map_put(urns, urn, (void *)(uintptr_t)number);
    }
    return (uint32_t)(uintptr_t)pni_map_get(urns, urn);
}

static void write_extension(numbering *n, pni_map *urns, const decl *d) {
    Substrait__Extensions__SimpleExtensionDeclaration *made =
        pni_pb_new(n->arena, &substrait__extensions__simple_extension_declaration__descriptor);
    uint32_t urn = urn_number(n, urns, d->urn);
    char *name = (char *)(uintptr_t)d->name;
    if (d->space == SPACE_FUNCTION) {
        made->mapping_type_case = MAPPING(EXTENSION_FUNCTION);
        made->extension_function = pni_pb_new(n->arena, &DECLARATION(function));
        made->extension_function->function_anchor = d->number;
        made->extension_function->extension_urn_reference = urn;
        made->extension_function->name = name;
    } else if (d->space == SPACE_TYPE) {
        made->mapping_type_case = MAPPING(EXTENSION_TYPE);
        made->extension_type = pni_pb_new(n->arena, &DECLARATION(type));
        made->extension_type->type_anchor = d->number;
        made->extension_type->extension_urn_reference = urn;
        made->extension_type->name = name;
    } else {
        made->mapping_type_case = MAPPING(EXTENSION_TYPE_VARIATION);
        made->extension_type_variation = pni_pb_new(n->arena, &DECLARATION(type_variation));
        made->extension_type_variation->type_variation_anchor = d->number;
        made->extension_type_variation->extension_urn_reference = urn;
        made->extension_type_variation->name = name;
    }
    n->plan->extensions[n->plan->n_extensions++] = made;
}

static void write_decls(numbering *n) {
    PNI_AUTO_PTR(pni_map) urns = pni_map_new();
    decl **used = pni_calloc(n->n_decls + 1, sizeof *used);
    size_t count = 0;
    for (size_t i = 0; i < n->n_decls; i++) {
        if (n->decls[i].number && n->decls[i].space != SPACE_ALIAS) {
            used[count++] = &n->decls[i];
        }
    }
    qsort(used, count, sizeof *used, cmp_numbers);
    n->plan->extension_urns = pni_arena_alloc(n->arena, (count + 1) * sizeof(void *));
    n->plan->extensions = pni_arena_alloc(n->arena, (count + 1) * sizeof(void *));
    n->plan->n_extension_urns = n->plan->n_extensions = 0;
    for (size_t i = 0; i < count; i++) {
        write_extension(n, urns, used[i]);
    }
    pni_free(used);
    n->plan->n_type_aliases = n->aliases.count;
    n->plan->type_aliases = pni_arena_alloc(n->arena, (n->aliases.count + 1) * sizeof(void *));
    for (size_t i = 0; i < n->aliases.count; i++) {
        n->plan->type_aliases[i] = n->aliases.items[i]->alias;
        n->plan->type_aliases[i]->type_alias_anchor = n->aliases.items[i]->number;
    }
}

pn_status pni_canon_number(Substrait__Plan *plan, pni_arena *arena, pn_error *err) {
    numbering n = {.plan = plan, .arena = arena};
    pn_status status = read_decls(&n, err);
    if (status == PN_OK) {
        status = pni_tree_walk(&plan->relations[0]->base, visit, &n, err);
    }
    for (size_t i = 0; status == PN_OK && i < plan->n_parameter_bindings; i++) {
        status = pni_tree_walk(&plan->parameter_bindings[i]->base, visit, &n, err);
    }
    if (status == PN_OK) {
        status = visit_aliases(&n, err);
    }
    if (status == PN_OK) {
        write_decls(&n);
    }
    pni_vec_dispose(&n.aliases);
    return status;
}
