/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers extension declarations by first use. Producers emit them in the order of a hash map, so
 * the same query gives other anchors in each session; here anchors are 1..n in the order in which
 * the walk meets them, what is not used goes, and two declarations of one thing become one.
 *
 * A field refers to a declaration by its name ("function_reference", …), whatever message it stands
 * in. Engines use type variations with fixed numbers that are declared nowhere: those stay, and the
 * declared ones are numbered from where no engine has its own.
 */
#include "substrait/substrait_priv.h"

#include <stdlib.h>

/* Short forms of generated names. */
#define MAPPING(kind) SUBSTRAIT__EXTENSIONS__SIMPLE_EXTENSION_DECLARATION__MAPPING_TYPE_##kind
#define DECLARATION(kind)                                                                          \
    substrait__extensions__simple_extension_declaration__extension_##kind##__descriptor

/* What the URNs of Substrait's own functions start with. */
#define STANDARD "extension:io.substrait:"

typedef struct decl {
    pni_space space;
    uint32_t anchor;
    const char *urn; /* "" when there is none */
    const char *name;
    Substrait__TypeAlias *alias;
    struct decl *same; /* the first declaration of the same thing; itself when it is that */
    uint32_t number;   /* 0 = not used */
} decl;

typedef struct numbering {
    Substrait__Plan *plan;
    const pni_old_uris *old;
    pni_arena *arena;
    decl *decls; /* sorted by space and anchor */
    size_t n_decls;
    uint32_t next[PNI_SPACE_COUNT];
    PNI_VEC(decl *) aliases; /* in the order of their numbers */
} numbering;

typedef struct reference_name {
    const char *name;
    pni_space space;
} reference_name;

enum { VARIATION_BASE = 1000 };

static const char *const space_names[PNI_SPACE_COUNT] = {"type", "type variation", "function",
                                                         "type alias"};

static int cmp_decls(const void *a, const void *b) {
    const decl *left = a;
    const decl *right = b;
    if (left->space != right->space) {
        return left->space < right->space ? -1 : 1;
    }
    return (left->anchor > right->anchor) - (left->anchor < right->anchor);
}

static decl *find(numbering *n, pni_space where, uint32_t anchor) {
    decl key = {.space = where, .anchor = anchor};
    return n->n_decls ? bsearch(&key, n->decls, n->n_decls, sizeof key, cmp_decls) : NULL;
}

/* ---- reading ------------------------------------------------------------------------------ */

static int cmp_urns(const void *a, const void *b) {
    uint32_t left = (*(Substrait__Extensions__SimpleExtensionURN *const *)a)->extension_urn_anchor;
    uint32_t right = (*(Substrait__Extensions__SimpleExtensionURN *const *)b)->extension_urn_anchor;
    return (left > right) - (left < right);
}

static const Substrait__Extensions__SimpleExtensionURN *find_urn(
    Substrait__Extensions__SimpleExtensionURN **urns, size_t count, uint32_t anchor) {
    Substrait__Extensions__SimpleExtensionURN key = {.extension_urn_anchor = anchor};
    Substrait__Extensions__SimpleExtensionURN *key_at = &key;
    Substrait__Extensions__SimpleExtensionURN **found =
        count ? bsearch(&key_at, urns, count, sizeof key_at, cmp_urns) : NULL;
    return found ? *found : NULL;
}

/* Space, anchor and name of a declaration; gives its reference to a URN. No name: it is empty. */
static uint32_t read_names(const Substrait__Extensions__SimpleExtensionDeclaration *extension,
                           decl *out) {
    switch ((int)extension->mapping_type_case) {
    case MAPPING(EXTENSION_TYPE):
        out->space = PNI_SPACE_TYPE;
        out->anchor = extension->extension_type->type_anchor;
        out->name = extension->extension_type->name;
        return extension->extension_type->extension_urn_reference;
    case MAPPING(EXTENSION_TYPE_VARIATION):
        out->space = PNI_SPACE_VARIATION;
        out->anchor = extension->extension_type_variation->type_variation_anchor;
        out->name = extension->extension_type_variation->name;
        return extension->extension_type_variation->extension_urn_reference;
    case MAPPING(EXTENSION_FUNCTION):
        out->space = PNI_SPACE_FUNCTION;
        out->anchor = extension->extension_function->function_anchor;
        out->name = extension->extension_function->name;
        return extension->extension_function->extension_urn_reference;
    case MAPPING(_NOT_SET):
    default:
        return 0;
    }
}

/* The files of Substrait's own functions have a URN each; other URIs stand for themselves. */
static const char *urn_of_uri(const numbering *n, const char *uri) {
    static const char home[] = "https://github.com/substrait-io/substrait/";
    static const char folder[] = "/extensions/";
    const char *file = strrchr(uri, '/');
    if (!file || !pni_ends_with(file, ".yaml")) {
        return uri;
    }
    size_t before = sizeof folder - 2; /* the slash in front of the file counts for both */
    bool whole = pni_starts_with(uri, home) && (size_t)(file - uri) > before &&
                 memcmp(file - before, folder, before) == 0;
    bool abbreviated = file == uri && pni_starts_with(uri, "/functions_");
    if (!whole && !abbreviated) {
        return uri;
    }
    return pni_arena_printf(n->arena, STANDARD "%.*s", (int)(strlen(file) - 6), file + 1);
}

/*
 * The URN of a declaration. Older plans give a URI instead, newer ones may give both, for older
 * readers. Engines that have neither refer to 0 or to the last number; any other reference must
 * lead somewhere, or functions of different libraries would be taken for one.
 */
static pn_status find_name_space(numbering *n, const decl *d, uint32_t reference,
                                 const uint32_t *old_reference, const char **out, pn_error *err) {
    const Substrait__Plan *plan = n->plan;
    const Substrait__Extensions__SimpleExtensionURN *urn =
        find_urn(plan->extension_urns, plan->n_extension_urns, reference);
    if (urn) {
        *out = urn->urn;
        return PN_OK;
    }
    uint32_t old = old_reference ? *old_reference : 0;
    bool may_be_old = old_reference || reference == 0; /* 0 is not written */
    const Substrait__Extensions__SimpleExtensionURN *uri =
        may_be_old ? find_urn(n->old->uris.items, n->old->uris.count, old) : NULL;
    if (uri) {
        *out = urn_of_uri(n, uri->urn);
        return PN_OK;
    }
    if ((reference == 0 || reference == UINT32_MAX) && (old == 0 || old == UINT32_MAX)) {
        *out = "";
        return PN_OK;
    }
    char shown[72];
    return pni_fail(
        err, PNI_E_SUBSTRAIT_ANCHOR, "%s '%s' is declared in extension %u, which is not declared",
        space_names[d->space], pni_name_short(d->name, shown), old_reference ? old : reference);
}

/* Substrait's own functions are named with or without their signature, which follows from the
 * arguments; another library may have reasons for two functions of one name. */
static const char *plain_name(const numbering *n, const decl *d) {
    const char *signature = strchr(d->name, ':');
    if (d->space != PNI_SPACE_FUNCTION || !signature || signature == d->name ||
        !pni_starts_with(d->urn, STANDARD)) {
        return d->name;
    }
    return pni_arena_strndup(n->arena, d->name, (size_t)(signature - d->name));
}

static const ProtobufCMessage *mapping_of(
    const Substrait__Extensions__SimpleExtensionDeclaration *extension) {
    return extension->mapping_type_case == MAPPING(EXTENSION_TYPE)
               ? &extension->extension_type->base
           : extension->mapping_type_case == MAPPING(EXTENSION_TYPE_VARIATION)
               ? &extension->extension_type_variation->base
               : &extension->extension_function->base;
}

/* `old_at` moves through the old references, which stand in the order of the declarations. */
static pn_status read_extension(numbering *n, size_t index, size_t *old_at, decl *out,
                                pn_error *err) {
    const Substrait__Extensions__SimpleExtensionDeclaration *extension = n->plan->extensions[index];
    uint32_t reference = read_names(extension, out);
    const uint32_t *old_reference = NULL;
    if (!out->name) {
        return pni_fail(err, PNI_E_SUBSTRAIT_ANCHOR, "extension declaration %zu is empty", index);
    }
    while (*old_at < n->old->references.count &&
           n->old->references.items[*old_at].declaration == mapping_of(extension)) {
        old_reference = &n->old->references.items[(*old_at)++].reference; /* the last one holds */
    }
    PNI_TRY(find_name_space(n, out, reference, old_reference, &out->urn, err));
    out->name = plain_name(n, out);
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
        if (d->space == PNI_SPACE_ALIAS) {
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

static pn_status sort_urns(Substrait__Extensions__SimpleExtensionURN **urns, size_t count,
                           const char *what, pn_error *err) {
    if (count > 1) {
        qsort(urns, count, sizeof *urns, cmp_urns);
    }
    for (size_t i = 1; i < count; i++) {
        if (cmp_urns(&urns[i - 1], &urns[i]) == 0) {
            return pni_fail(err, PNI_E_SUBSTRAIT_ANCHOR, "extension %s %u is declared twice", what,
                            urns[i]->extension_urn_anchor);
        }
    }
    return PN_OK;
}

static pn_status read_decls(numbering *n, pn_error *err) {
    Substrait__Plan *plan = n->plan;
    size_t total = plan->n_extensions + plan->n_type_aliases;
    size_t old_at = 0;
    PNI_TRY(sort_urns(plan->extension_urns, plan->n_extension_urns, "URN", err));
    PNI_TRY(sort_urns(n->old->uris.items, n->old->uris.count, "URI", err));
    n->decls = pni_arena_alloc(n->arena, total * sizeof *n->decls + 1);
    for (size_t i = 0; i < plan->n_extensions; i++) {
        PNI_TRY(read_extension(n, i, &old_at, &n->decls[n->n_decls++], err));
    }
    for (size_t i = 0; i < plan->n_type_aliases; i++) {
        decl *d = &n->decls[n->n_decls++];
        d->space = PNI_SPACE_ALIAS;
        d->alias = plan->type_aliases[i];
        d->anchor = d->alias->type_alias_anchor;
        d->urn = d->name = "";
    }
    if (n->n_decls > 1) {
        qsort(n->decls, n->n_decls, sizeof *n->decls, cmp_decls);
    }
    PNI_TRY(check_unique(n, err));
    join_same(n);
    return PN_OK;
}

/* ---- numbering ---------------------------------------------------------------------------- */

bool pni_is_reference(const ProtobufCFieldDescriptor *field, pni_space *where_out) {
    static const reference_name names[] = {
        {"function_reference", PNI_SPACE_FUNCTION},
        {"comparison_function_reference", PNI_SPACE_FUNCTION},
        {"custom_function_reference", PNI_SPACE_FUNCTION},
        {"type_reference", PNI_SPACE_TYPE},
        {"user_defined_type_reference", PNI_SPACE_TYPE},
        {"type_variation_reference", PNI_SPACE_VARIATION},
        {"type_alias_reference", PNI_SPACE_ALIAS},
    };
    if (field->type != PROTOBUF_C_TYPE_UINT32 || field->label == PROTOBUF_C_LABEL_REPEATED) {
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (pni_streq(field->name, names[i].name)) {
            *where_out = names[i].space;
            return true;
        }
    }
    return false;
}

static pn_status renumber(numbering *n, pni_space where, uint32_t *anchor, pn_error *err) {
    decl *d = find(n, where, *anchor);
    uint32_t base = where == PNI_SPACE_VARIATION ? VARIATION_BASE : 0;
    bool reserved = *anchor > base && *anchor - base <= n->n_decls;
    if (where == PNI_SPACE_VARIATION && (*anchor == 0 || (!d && !reserved))) {
        return PN_OK; /* one of the engine's own */
    }
    if (!d) {
        return pni_fail(err, PNI_E_SUBSTRAIT_ANCHOR, "%s %u is not declared", space_names[where],
                        *anchor);
    }
    d = d->same;
    if (d->number == 0) {
        d->number = base + ++n->next[where];
        if (where == PNI_SPACE_ALIAS) {
            pni_vec_push(&n->aliases, d);
        }
    }
    *anchor = d->number;
    return PN_OK;
}

static pn_status visit(void *ctx, pni_node *node, pn_error *err) {
    const ProtobufCMessageDescriptor *desc = node->msg->descriptor;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        pni_space where;
        if (pni_is_reference(&desc->fields[f], &where) &&
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
    if (d->space == PNI_SPACE_FUNCTION) {
        made->mapping_type_case = MAPPING(EXTENSION_FUNCTION);
        made->extension_function = pni_pb_new(n->arena, &DECLARATION(function));
        made->extension_function->function_anchor = d->number;
        made->extension_function->extension_urn_reference = urn;
        made->extension_function->name = name;
    } else if (d->space == PNI_SPACE_TYPE) {
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
        if (n->decls[i].number && n->decls[i].space != PNI_SPACE_ALIAS) {
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

pn_status pni_canon_number(Substrait__Plan *plan, const pni_old_uris *old, pni_arena *arena,
                           pn_error *err) {
    numbering n = {.plan = plan, .old = old, .arena = arena};
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

/* ---- looking up --------------------------------------------------------------------------- */

static const Substrait__Extensions__SimpleExtensionDeclaration *find_declaration(
    const Substrait__Plan *plan, pni_space where, uint32_t anchor) {
    size_t low = 0;
    size_t high = plan->n_extensions;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        decl found = {0};
        decl wanted = {.space = where, .anchor = anchor};
        read_names(plan->extensions[middle], &found);
        int order = cmp_decls(&found, &wanted);
        if (order == 0) {
            return plan->extensions[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const char *pni_substrait_declared(const pn_substrait *plan, pni_space where, uint32_t anchor,
                                   const char **urn_out) {
    const Substrait__Plan *tree = pni_substrait_plan(plan);
    const Substrait__Extensions__SimpleExtensionDeclaration *extension =
        find_declaration(tree, where, anchor);
    decl found = {0};
    *urn_out = "";
    if (!extension) {
        return NULL;
    }
    uint32_t urn = read_names(extension, &found);
    if (urn > 0 && urn <= tree->n_extension_urns) { /* numbered from 1 without gaps */
        *urn_out = tree->extension_urns[urn - 1]->urn;
    }
    return found.name;
}
