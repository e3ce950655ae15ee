/* Files written and read back: the same bundles, and nothing that the writer did not put there. */
#include "archive_fixture.h"

static void same_bundle(const pn_bundle *want, const pn_bundle *got) {
    PNI_AUTO(pn_buf) left = PN_BUF_INIT;
    PNI_AUTO(pn_buf) right = PN_BUF_INIT;
    FX_OK(pn_bundle_json(want, &left, err));
    FX_OK(pn_bundle_json(got, &right, err));
    T_EQ_STR(pni_buf_text(&right), pni_buf_text(&left));
    T_EQ_STR(pn_bundle_sql(got), pn_bundle_sql(want));
    T_EQ_UINT(pn_bundle_substrait(got).len, pn_bundle_substrait(want).len);
}

T_CASE(a_closure_comes_back_as_it_was) {
    AR_VIEWS views = ar_open();
    PNI_AUTO(pn_buf) bytes = ar_export(views.high);
    PNI_AUTO_PTR(pn_bundle_set) set = NULL;
    FX_OK(pn_bundle_import(ar_bytes(&bytes), "high.pnb", &set, err));
    T_EQ_UINT(pn_bundle_set_count(set), 1);
    T_ASSERT(pn_bundle_set_at(set, 1) == NULL);
    const pn_bundle *high = pn_bundle_set_at(set, 0);
    same_bundle(views.high, high);
    same_bundle(views.low, pn_bundle_input_at(high, 0));
    T_ASSERT(pn_bundle_input_at(high, 1) == NULL); /* t, a table */
    T_ASSERT(pn_bundle_set_find(set, "low") == pn_bundle_input_at(high, 0));
    T_ASSERT(pn_bundle_set_find(set, "high") == high);
    char prefix[9];
    snprintf(prefix, sizeof prefix, "%.8s", pn_bundle_fingerprint(high));
    T_ASSERT(pn_bundle_set_find(set, prefix) == high);
    T_ASSERT(pn_bundle_set_find(set, "abc") == NULL);
    T_ASSERT(pn_bundle_set_find(set, "nothing") == NULL);
}

T_CASE(bytes_do_not_depend_on_process_order_or_twins) {
    AR_VIEWS views = ar_open();
    AR_VIEWS again = ar_open();
    PNI_AUTO(pn_buf) once = PN_BUF_INIT;
    PNI_AUTO(pn_buf) twice = PN_BUF_INIT;
    const pn_bundle *forward[] = {views.high, views.low};
    const pn_bundle *back[] = {again.low, again.high, again.low};
    FX_OK(pn_bundle_export(forward, 2, &once, err));
    FX_OK(pn_bundle_export(back, 3, &twice, err));
    T_EQ_UINT(once.len, twice.len);
    T_EQ_MEM(once.data, twice.data, once.len);
}

T_CASE(an_imported_bundle_exports_to_the_same_bytes) {
    AR_VIEWS views = ar_open();
    PNI_AUTO(pn_buf) bytes = ar_export(views.high);
    PNI_AUTO_PTR(pn_bundle_set) set = NULL;
    FX_OK(pn_bundle_import(ar_bytes(&bytes), "high.pnb", &set, err));
    PNI_AUTO(pn_buf) again = ar_export(pn_bundle_set_at(set, 0));
    T_EQ_UINT(again.len, bytes.len);
    T_EQ_MEM(again.data, bytes.data, bytes.len);
}

T_CASE(the_manifest_says_what_is_inside) {
    AR_VIEWS views = ar_open();
    PNI_AUTO(pn_buf) bytes = ar_export(views.high);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_bundle_set) set = NULL;
    FX_OK(pn_bundle_import(ar_bytes(&bytes), "high.pnb", &set, err));
    FX_OK(pn_bundle_set_json(set, &text, err));
    PNI_AUTO_PTR(json_t) json = fx_json(&text);
    T_EQ_INT(json_integer_value(json_object_get(json, "format")), 3);
    T_EQ_UINT(json_object_size(json_object_get(json, "bundles")), 2);
    T_EQ_STR(pni_json_text(json_array_get(json_object_get(json, "roots"), 0), "name"), "high");
    const json_t *entry =
        json_object_get(json_object_get(json, "bundles"), pn_bundle_fingerprint(views.high));
    T_EQ_STR(pni_json_text(json_object_get(entry, "inputs"), "low"),
             pn_bundle_fingerprint(views.low));
}

/* Every byte of a file matters: whichever is changed, reading fails and says where. */
T_CASE(no_changed_byte_is_overlooked) {
    AR_VIEWS views = ar_open();
    PNI_AUTO(pn_buf) bytes = ar_export(views.low);
    size_t names = bytes.len - 1600; /* the end of the manifest, and what fills the file */
    for (size_t at = 0; at < bytes.len; at += at < 1024 || at > names ? 1 : 37) {
        pn_bundle_set *set = NULL;
        pn_error err = PN_ERROR_INIT;
        bytes.data[at] ^= 1;
        pn_status status = pn_bundle_import(ar_bytes(&bytes), "low.pnb", &set, &err);
        if (status == PN_OK || !strstr(err.message, "low.pnb") || !err.hint[0])
            T_FAIL("byte %zu: status %d, '%s'", at, status, err.message);
        bytes.data[at] ^= 1;
    }
    PNI_AUTO_PTR(pn_bundle_set) whole = NULL;
    FX_OK(pn_bundle_import(ar_bytes(&bytes), "low.pnb", &whole, err));
}

T_CASE(no_cut_file_is_read) {
    AR_VIEWS views = ar_open();
    PNI_AUTO(pn_buf) bytes = ar_export(views.low);
    for (size_t len = 0; len < bytes.len; len += 256) {
        pn_bundle_set *set = NULL;
        FX_FAILS(pn_bundle_import((pn_bytes){bytes.data, len}, "low.pnb", &set, err),
                 PNI_E_BUNDLE_FILE, "low.pnb");
    }
}

/* What the session had comes back with the root, which it was written for, and is compared with the
 * session that the bundle runs in. */
T_CASE(a_root_says_what_its_session_had) {
    AR_VIEWS views = ar_open();
    PNI_AUTO_PTR(pn_session) other = fx_session(NULL);
    PNI_AUTO(pn_buf) bytes = ar_export(views.high);
    PNI_AUTO(pn_buf) then = PN_BUF_INIT;
    PNI_AUTO(pn_buf) back = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_bundle_set) set = NULL;
    FX_OK(pn_bundle_import(ar_bytes(&bytes), "high.pnb", &set, err));
    const pn_bundle *high = pn_bundle_set_at(set, 0);
    FX_OK(pn_bundle_snapshot(views.high, &then, err));
    FX_OK(pn_bundle_snapshot(high, &back, err));
    T_EQ_STR(pni_buf_text(&back), pni_buf_text(&then));
    T_ASSERT(strstr(pni_buf_text(&back), "\"tables\":{\"t\":") != NULL);
    FX_FAILS(pn_bundle_snapshot(pn_bundle_input_at(high, 0), &back, err), PNI_E_BUNDLE_SNAPSHOT,
             "holds no snapshot");
    PNI_AUTO_PTR(json_t) here = pni_plan_diagnose(views.session, high);
    PNI_AUTO_PTR(json_t) there = pni_plan_diagnose(other, high);
    T_EQ_UINT(json_array_size(here), 0);
    T_EQ_STR(pni_json_text(json_array_get(there, 0), "what"), "tables");
}

/* Rewrites a file: `edit` changes the manifest or drops and adds parts, digests are made anew. */
typedef struct edit {
    const char *drop;     /* a part whose name starts or ends so is left out */
    const char *add_name; /* a part that is added, or NULL */
    const char *add_text;
    void (*manifest)(json_t *manifest);
} edit;

static void digest_parts(json_t *manifest, const tar_part *parts, size_t count) {
    json_t *rows = json_object();
    char hex[PNI_SHA256_HEX];
    for (size_t i = 0; i < count; i++) {
        pni_sha256_hex(parts[i].data.data, parts[i].data.len, hex);
        json_object_set_new(
            rows, parts[i].name,
            json_pack("{s:I, s:s}", "size", (json_int_t)parts[i].data.len, "sha256", hex));
    }
    json_object_set_new(manifest, "parts", rows);
}

static int cmp_parts(const void *a, const void *b) {
    return strcmp(((const tar_part *)a)->name, ((const tar_part *)b)->name);
}

static pn_buf rewrite(const pn_buf *bytes, const edit *how) {
    tar_part *old;
    size_t n_old, count = 0;
    pn_buf out = PN_BUF_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(json_t) manifest = NULL;
    FX_OK(tar_read(ar_bytes(bytes), "old", &old, &n_old, err));
    tar_part *parts = pni_calloc(n_old + 2, sizeof *parts);
    for (size_t i = 0; i < n_old; i++) {
        if (pni_streq(old[i].name, manifest_path))
            FX_OK(pni_json_parse(old[i].data.data, old[i].data.len, "manifest", &manifest, err));
        else if (!how->drop || !(pni_starts_with(old[i].name, how->drop) ||
                                 pni_ends_with(old[i].name, how->drop)))
            parts[count++] = old[i];
    }
    if (how->add_name)
        parts[count++] = (tar_part){how->add_name, fx_bytes(how->add_text)};
    digest_parts(manifest, parts, count);
    if (how->manifest)
        how->manifest(manifest);
    char hex[PNI_SHA256_HEX];
    json_object_del(manifest, "sha256");
    FX_OK(pni_json_digest(manifest, hex, err));
    json_object_set_new(manifest, "sha256", json_string(hex));
    FX_OK(pni_json_canonical(manifest, &text, err));
    parts[count++] = (tar_part){manifest_path, {text.data, text.len}};
    qsort(parts, count, sizeof *parts, cmp_parts);
    FX_OK(tar_write(parts, count, &out, err));
    pni_free(parts);
    pni_free(old);
    return out;
}

static void expect_refused(const edit *how, int32_t number, const char *text) {
    AR_VIEWS views = ar_open();
    PNI_AUTO(pn_buf) bytes = ar_export(views.high);
    PNI_AUTO(pn_buf) changed = rewrite(&bytes, how);
    pn_bundle_set *set = NULL;
    FX_FAILS(pn_bundle_import(ar_bytes(&changed), "x.pnb", &set, err), number, text);
}

T_CASE(a_file_written_anew_is_still_read) {
    AR_VIEWS views = ar_open();
    PNI_AUTO(pn_buf) bytes = ar_export(views.high);
    PNI_AUTO(pn_buf) same = rewrite(&bytes, &(edit){0});
    PNI_AUTO_PTR(pn_bundle_set) set = NULL;
    T_EQ_UINT(same.len, bytes.len);
    FX_OK(pn_bundle_import(ar_bytes(&same), "x.pnb", &set, err));
}

/* What the root of a file names as its snapshot: NULL takes it away. */
static const char *named_snapshot;
static void name_snapshot(json_t *manifest) {
    const char *root =
        pni_json_text(json_array_get(json_object_get(manifest, "roots"), 0), "fingerprint");
    json_t *entry = json_object_get(json_object_get(manifest, "bundles"), root);
    json_object_del(entry, "snapshot");
    if (named_snapshot)
        json_object_set_new(entry, "snapshot", json_string(named_snapshot));
}

T_CASE(a_file_without_a_snapshot_is_read) {
    AR_VIEWS views = ar_open();
    PNI_AUTO(pn_buf) bytes = ar_export(views.high);
    named_snapshot = NULL;
    PNI_AUTO(pn_buf)
    without = rewrite(&bytes, &(edit){.drop = "evidence/snapshots/", .manifest = name_snapshot});
    PNI_AUTO_PTR(pn_bundle_set) set = NULL;
    T_ASSERT(without.len < bytes.len);
    FX_OK(pn_bundle_import(ar_bytes(&without), "x.pnb", &set, err));
    T_ASSERT(pn_bundle_set_at(set, 0)->snapshot == NULL);
}

static void as_format_2(json_t *manifest) {
    named_snapshot = NULL;
    name_snapshot(manifest);
    json_object_set_new(manifest, "format", json_integer(2));
}

/* There each root has its own, beside its other evidence. */
T_CASE(a_file_of_format_2_is_read) {
    AR_VIEWS views = ar_open();
    PNI_AUTO(pn_buf) bytes = ar_export(views.high);
    PNI_AUTO(pn_buf) snapshot = PN_BUF_INIT;
    PNI_AUTO(pn_buf) back = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_bundle_set) set = NULL;
    char path[ARCHIVE_PATH];
    FX_OK(pn_bundle_snapshot(views.high, &snapshot, err));
    evidence_path(path, pn_bundle_fingerprint(views.high), "snapshot.json");
    edit older = {.drop = "evidence/snapshots/",
                  .add_name = path,
                  .add_text = pni_buf_text(&snapshot),
                  .manifest = as_format_2};
    PNI_AUTO(pn_buf) second = rewrite(&bytes, &older);
    FX_OK(pn_bundle_import(ar_bytes(&second), "x.pnb", &set, err));
    FX_OK(pn_bundle_snapshot(pn_bundle_set_at(set, 0), &back, err));
    T_EQ_STR(pni_buf_text(&back), pni_buf_text(&snapshot));
    older.manifest = NULL; /* format 3 has no such place */
    expect_refused(&older, PNI_E_BUNDLE_PART, "has no place");
}

T_CASE(roots_of_one_session_share_its_snapshot) {
    AR_VIEWS views = ar_open();
    const pn_bundle *roots[] = {views.low, views.high};
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_bundle_set) set = NULL;
    tar_part *parts;
    size_t count, found = 0;
    FX_OK(pn_bundle_export(roots, 2, &bytes, err));
    FX_OK(pn_bundle_import(ar_bytes(&bytes), "both.pnb", &set, err));
    FX_OK(tar_read(ar_bytes(&bytes), "both.pnb", &parts, &count, err));
    for (size_t i = 0; i < count; i++)
        found += pni_starts_with(parts[i].name, "evidence/snapshots/");
    pni_free(parts);
    T_EQ_UINT(found, 1);
    T_ASSERT(pn_bundle_set_at(set, 0)->snapshot);
    T_ASSERT(pn_bundle_set_at(set, 0)->snapshot == pn_bundle_set_at(set, 1)->snapshot);
}

T_CASE(a_snapshot_that_is_none_is_damage) {
    static const char *const texts[] = {"[]",
                                        "{}",
                                        "{\"functions\":{},\"tables\":[]}",
                                        "{\"functions\":{\"f\":1},\"tables\":{}}",
                                        "{\"functions\":{},\"tables\":{\"t\":\"x\"}}",
                                        "{\"functions\":{},\"tables\":{},\"more\":{}}"};
    AR_VIEWS views = ar_open();
    PNI_AUTO(pn_buf) bytes = ar_export(views.high);
    char path[ARCHIVE_PATH], hex[PNI_SHA256_HEX];
    named_snapshot = hex;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        pni_sha256_hex(texts[i], strlen(texts[i]), hex);
        part_path(path, "evidence/snapshots", hex, ".json");
        PNI_AUTO(pn_buf)
        changed = rewrite(&bytes, &(edit){.drop = "evidence/snapshots/",
                                          .add_name = path,
                                          .add_text = texts[i],
                                          .manifest = name_snapshot});
        pn_bundle_set *set = NULL;
        FX_FAILS(pn_bundle_import(ar_bytes(&changed), "x.pnb", &set, err), PNI_E_BUNDLE_PART,
                 "has a snapshot that is none");
    }
    named_snapshot = "../x";
    expect_refused(&(edit){.manifest = name_snapshot}, PNI_E_BUNDLE_PART, "without a digest");
    expect_refused(&(edit){.drop = "evidence/snapshots/"}, PNI_E_BUNDLE_PART,
                   "evidence/snapshots/");
    named_snapshot = NULL;
    expect_refused(&(edit){.manifest = name_snapshot}, PNI_E_BUNDLE_PART, "belongs to no bundle");
}

/* A foreign part like any other: bounded before it is parsed, and of one form. */
T_CASE(versions_that_are_none_are_damage) {
    static const char *const texts[] = {"[]", "{\"f\":1}", "{\"f\":{\"a\":\"b\"}}", "{"};
    AR_VIEWS views = ar_open();
    PNI_AUTO(pn_buf) bytes = ar_export(views.high);
    PNI_AUTO(pn_buf) many = PN_BUF_INIT;
    char path[ARCHIVE_PATH];
    pn_bundle_set *set = NULL;
    evidence_path(path, pn_bundle_fingerprint(views.high), "functions.json");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        PNI_AUTO(pn_buf) changed = rewrite(&bytes, &(edit){.add_name = path, .add_text = texts[i]});
        FX_FAILS(pn_bundle_import(ar_bytes(&changed), "x.pnb", &set, err), PNI_E_BUNDLE_PART,
                 "functions.json");
    }
    pni_buf_puts(&many, "{\"f\":[");
    for (size_t i = 0; i < PNI_BUNDLE_JSON_MAX_VALUES; i++)
        pni_buf_puts(&many, "1,");
    pni_buf_puts(&many, "1]}");
    PNI_AUTO(pn_buf)
    full = rewrite(&bytes, &(edit){.add_name = path, .add_text = pni_buf_text(&many)});
    FX_FAILS(pn_bundle_import(ar_bytes(&full), "x.pnb", &set, err), PNI_E_BUNDLE_LIMIT,
             "functions.json");
}

T_CASE(missing_and_foreign_parts_are_named) {
    expect_refused(&(edit){.drop = "identity/documents/"}, PNI_E_BUNDLE_PART,
                   "identity/documents/");
    expect_refused(&(edit){.drop = "identity/plans/"}, PNI_E_BUNDLE_PART, "identity/plans/");
    expect_refused(&(edit){.drop = "identity/schemas/"}, PNI_E_BUNDLE_PART, "identity/schemas/");
    expect_refused(&(edit){.add_name = "evidence/notes.txt", .add_text = "hello"},
                   PNI_E_BUNDLE_PART, "evidence/notes.txt");
    expect_refused(&(edit){.add_name = "readme", .add_text = "hello"}, PNI_E_BUNDLE_PART, "readme");
    char hex[PNI_SHA256_HEX], path[ARCHIVE_PATH];
    pni_sha256_hex("[1]", 3, hex);
    part_path(path, "identity/documents", hex, ".json");
    expect_refused(&(edit){.add_name = path, .add_text = "[1]"}, PNI_E_BUNDLE_PART,
                   "belongs to no bundle");
    expect_refused(&(edit){.add_name = path, .add_text = "[2]"}, PNI_E_BUNDLE_PART, hex);
}

static void newer_file(json_t *manifest) {
    json_object_set_new(manifest, "format", json_integer(999));
}
static void newer_fingerprint(json_t *manifest) {
    json_object_set_new(json_object_get(manifest, "identity"), "fingerprint", json_integer(999));
}
static void no_format(json_t *manifest) {
    json_object_del(manifest, "format");
}
static void no_roots(json_t *manifest) {
    json_object_set_new(manifest, "roots", json_array());
}
static void bad_root(json_t *manifest) {
    json_object_set_new(json_array_get(json_object_get(manifest, "roots"), 0), "name",
                        json_string("../../etc/passwd"));
}
static void odd_root(json_t *manifest) {
    json_t *root = json_array_get(json_object_get(manifest, "roots"), 0);
    json_object_set(root, "oame", json_object_get(root, "name"));
    json_object_del(root, "name");
}
static json_t *entry_with_input(json_t *manifest) {
    const char *fingerprint;
    json_t *entry;
    json_object_foreach(json_object_get(manifest, "bundles"), fingerprint, entry) {
        if (json_object_size(json_object_get(entry, "inputs")))
            return entry;
    }
    return NULL;
}
static void other_input(json_t *manifest) {
    json_t *links = json_object_get(entry_with_input(manifest), "inputs");
    json_object_set_new(links, "other", json_copy(json_object_get(links, "low")));
    json_object_del(links, "low");
}
static void linked_to_itself(json_t *manifest) {
    json_t *root = json_array_get(json_object_get(manifest, "roots"), 0);
    json_object_set(json_object_get(entry_with_input(manifest), "inputs"), "low",
                    json_object_get(root, "fingerprint"));
}
static void another_component(json_t *manifest) {
    json_t *components = json_object_get(entry_with_input(manifest), "components");
    json_object_set(components, "settings", json_object_get(components, "rulepack"));
}
static void an_extra_component(json_t *manifest) {
    json_t *components = json_object_get(entry_with_input(manifest), "components");
    json_object_set(components, "more", json_object_get(components, "rulepack"));
}

T_CASE(a_manifest_that_lies_is_refused) {
    expect_refused(&(edit){.manifest = newer_file}, PNI_E_BUNDLE_FORMAT, "999");
    expect_refused(&(edit){.manifest = newer_fingerprint}, PNI_E_BUNDLE_FORMAT, "999");
    expect_refused(&(edit){.manifest = no_format}, PNI_E_BUNDLE_PART, "names no format");
    expect_refused(&(edit){.manifest = no_roots}, PNI_E_BUNDLE_PART, "lacks roots");
    expect_refused(&(edit){.manifest = bad_root}, PNI_E_BUNDLE_PART, "wrong root");
    expect_refused(&(edit){.manifest = odd_root}, PNI_E_BUNDLE_PART, "wrong root");
    expect_refused(&(edit){.manifest = other_input}, PNI_E_BUNDLE_PART, "other inputs");
    expect_refused(&(edit){.manifest = linked_to_itself}, PNI_E_BUNDLE_PART, "linked");
    expect_refused(&(edit){.manifest = another_component}, PNI_E_BUNDLE_PART, "fingerprint");
    expect_refused(&(edit){.manifest = an_extra_component}, PNI_E_BUNDLE_PART, "fingerprint");
}

T_CASE(a_file_full_of_values_is_not_parsed) {
    enum { MANY = 1100000 };
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    pn_bundle_set *set = NULL;
    for (size_t i = 0; i < MANY; i++)
        pni_buf_puts(&text, "[],");
    tar_part part = {manifest_path, {text.data, text.len}};
    FX_OK(tar_write(&part, 1, &bytes, err));
    FX_FAILS(pn_bundle_import(ar_bytes(&bytes), "x.pnb", &set, err), PNI_E_BUNDLE_LIMIT,
             manifest_path);
}

T_CASE(arguments_are_checked) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    pn_bundle_set *set = NULL;
    const pn_bundle *none = NULL;
    FX_FAILS(pn_bundle_export(&none, 1, &bytes, err), PNI_E_ARGUMENT, "root 0");
    FX_FAILS(pn_bundle_export(NULL, 0, &bytes, err), PNI_E_ARGUMENT, "root");
    FX_FAILS(pn_bundle_import((pn_bytes){NULL, 4}, "x", &set, err), PNI_E_ARGUMENT, "bytes");
    T_EQ_UINT(pn_bundle_set_count(NULL), 0);
    T_ASSERT(pn_bundle_set_find(NULL, "x") == NULL);
    pn_bundle_set_free(NULL);
}
