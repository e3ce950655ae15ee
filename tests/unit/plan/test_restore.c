/* SPDX-License-Identifier: Apache-2.0 */
/* Plans that are kept and read back: the same rows, nothing but registered tables, and never
 * another plan than the fingerprint stands for. */
#define _GNU_SOURCE /* memmem */
#include "plan/plan_cache.h"
#include "plan_fixture.h"

static const char query[] = "select abs(v) as a from t order by a";

static pn_session *keeping(const char *limit) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_setting setting = {"plan_cache_limit", limit};
    pn_session *session = NULL;
    options.settings = &setting;
    options.n_settings = 1;
    options.plan_cache_dir = fx_path("plans");
    FX_OK(pn_session_open(&options, &session, err));
    fx_add_rows(session, "t", "[{\"v\":-2,\"s\":\"x\"},{\"v\":1,\"s\":\"y\"}]");
    return session;
}

static pn_status restore(pn_session *session, const pn_bundle *bundle, pni_events *events,
                         pni_engine_plan **out, pn_error *err) {
    pni_replay replay = {.session = session,
                         .engine = pni_session_engine(session),
                         .only = PN_REPLAY_PLAN_CACHE,
                         .events = events};
    return pni_plan_open(&replay, bundle, out, err);
}

static char *rows_of(const pni_engine_plan *plan) {
    struct ArrowArrayStream stream = {0};
    FX_OK(pni_engine_plan_execute(plan, NULL, &stream, err));
    return fx_rows(&stream);
}

static void expect_event(const pni_events *events, size_t at, const char *kind, const char *code) {
    PNI_AUTO_PTR(json_t) json = pni_events_json(events);
    const json_t *event = json_array_get(json, at);
    T_EQ_STR(pni_json_text(event, "kind"), kind);
    T_EQ_STR(pni_json_text(event, "code"), code);
}

static bool is_kept(const pn_session *session, const pn_bundle *bundle) {
    return pni_plan_cache_has(pni_session_plan_cache(session), pn_bundle_fingerprint(bundle));
}

T_CASE(a_plan_is_kept_and_gives_its_rows_in_another_session) {
    PNI_AUTO_PTR(pn_session) first = keeping("1MiB");
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(first, query);
    PNI_AUTO_PTR(pn_session) second = keeping("1MiB");
    PNI_AUTO_PTR(pni_events) events = pni_events_new();
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    T_ASSERT(is_kept(first, bundle));
    FX_OK(restore(second, bundle, events, &plan, err));
    PNI_AUTO_PTR(pni_text) rows = rows_of(plan);
    T_EQ_STR(rows, "1\n2\n");
    expect_event(events, 0, "cache", "hit");
}

T_CASE(without_a_limit_nothing_is_kept) {
    PNI_AUTO_PTR(pn_session) session = keeping("0");
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, query);
    PNI_AUTO_PTR(pni_events) events = pni_events_new();
    pni_engine_plan *plan = NULL;
    T_ASSERT(!pni_path_exists(fx_path("plans")));
    FX_FAILS(restore(session, bundle, events, &plan, err), PNI_E_PLAN_CACHE_OFF, NULL);
}

T_CASE(a_miss_is_an_event) {
    PNI_AUTO_PTR(pn_session) session = keeping("1MiB");
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, query);
    PNI_AUTO_PTR(pni_events) events = pni_events_new();
    pni_engine_plan *plan = NULL;
    pni_plan_cache_drop(pni_session_plan_cache(session), pn_bundle_fingerprint(bundle));
    FX_FAILS(restore(session, bundle, events, &plan, err), PNI_E_PLAN_CACHE_MISS, NULL);
    expect_event(events, 0, "cache", "miss");
}

/* Puts a plan into the bundle that calls a function which no engine has. */
static void break_substrait(pn_bundle *bundle) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    pn_bytes old = pn_bundle_substrait(bundle);
    pni_buf_append(&bytes, old.data, old.len);
    char *name = memmem(bytes.data, bytes.len, "abs", 3);
    T_ASSERT(name != NULL);
    memcpy(name, "abz", 3);
    pn_substrait_unref(bundle->substrait);
    bundle->substrait = NULL;
    FX_OK(pn_substrait_decode((pn_bytes){bytes.data, bytes.len}, NULL, &bundle->substrait, err));
}

T_CASE(it_comes_after_substrait_and_before_sql) {
    PNI_AUTO_PTR(pn_session) session = keeping("1MiB");
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, query);
    PNI_AUTO_PTR(pni_events) events = pni_events_new();
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pni_engine_plan) again = NULL;
    pni_replay replay = {
        .session = session, .engine = pni_session_engine(session), .events = events};
    break_substrait(bundle);
    FX_OK(pni_plan_open(&replay, bundle, &plan, err));
    T_EQ_INT(replay.last, PN_REPLAY_PLAN_CACHE);
    expect_event(events, 0, "cache", "hit");
    expect_event(events, 1, "fallback", "SUBSTRAIT_UNSUPPORTED");
    pni_plan_cache_drop(pni_session_plan_cache(session), pn_bundle_fingerprint(bundle));
    FX_OK(pni_plan_open(&replay, bundle, &again, err));
    T_EQ_INT(replay.last, PN_REPLAY_SQL);
    expect_event(events, 2, "cache", "miss");
    expect_event(events, 3, "fallback", "SUBSTRAIT_UNSUPPORTED");
    expect_event(events, 4, "fallback", "PLAN_CACHE_NOT_FOUND");
    T_ASSERT(is_kept(session, bundle)); /* compiling the SQL again kept it */
}

/* ---- bytes that somebody else wrote -------------------------------------------------------- */

static void put_varint(pn_buf *out, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        pni_buf_putc(out, (char)(value | 0x80));
    pni_buf_putc(out, (char)value);
}

static void put_field(pn_buf *out, unsigned number, pn_bytes bytes) {
    put_varint(out, number << 3 | 2);
    put_varint(out, bytes.len);
    pni_buf_append(out, bytes.data, bytes.len);
}

/* Opens group `number`, or closes it. */
static void put_group(pn_buf *out, unsigned number, bool is_end) {
    put_varint(out, number << 3 | (is_end ? 4 : 3));
}

static pn_bytes view_of(const pn_buf *buf) {
    return (pn_bytes){buf->data, buf->len};
}

/* The first field of that number, which has a length as all fields here have. */
static pn_bytes field_of(pn_bytes message, unsigned number) {
    for (size_t at = 0; at < message.len;) {
        uint64_t parts[2] = {0, 0};
        for (unsigned p = 0; p < 2; p++)
            for (unsigned shift = 0;; shift += 7) {
                uint8_t byte = message.data[at++];
                parts[p] |= (uint64_t)(byte & 0x7f) << shift;
                if (!(byte & 0x80))
                    break;
            }
        T_EQ_UINT(parts[0] & 7, 2);
        if (parts[0] >> 3 == number)
            return (pn_bytes){message.data + at, (size_t)parts[1]};
        at += parts[1];
    }
    T_FAIL("no field %u", number);
}

enum { LISTING_SCAN = 1, CREATE_VIEW = 22, CUSTOM_SCAN = 25, DML = 33, EMPTY_SCAN = 34 };

/* The kept plan of `select v from t`, a scan and nothing else, its table and its columns. */
typedef struct scan {
    pn_session *session;
    pn_bundle *bundle;
    pn_buf plan;
    pn_bytes table;
    pn_bytes columns;
} scan;

static void scan_dispose(scan *s) {
    pn_buf_dispose(&s->plan);
    pn_bundle_unref(s->bundle);
    pn_session_unref(s->session);
}
PNI_DEFINE_AUTO(scan, scan_dispose)

static void scan_init(scan *s) {
    s->session = keeping("1MiB");
    s->bundle = fx_compile(s->session, "select v, s from t");
    FX_OK(pni_plan_cache_get(pni_session_plan_cache(s->session), pn_bundle_fingerprint(s->bundle),
                             &s->plan, err));
    pn_bytes node = field_of(view_of(&s->plan), CUSTOM_SCAN);
    s->table = field_of(node, 6);
    s->columns = field_of(node, 3);
}

static void put_node(pn_buf *out, unsigned kind, const pn_buf *body) {
    put_field(out, kind, view_of(body));
}

/* Puts the message into field 1 of a new one, and that into field `kind` of one more. */
static void wrap(pn_buf *message, unsigned kind) {
    PNI_AUTO(pn_buf) body = PN_BUF_INIT;
    put_field(&body, 1, view_of(message));
    pni_buf_clear(message);
    put_field(message, kind, view_of(&body));
}

/* Neither the engine, in either space, nor the cache takes the bytes; the entry is gone. */
static void expect_refused(scan *s, const pn_buf *bytes, const char *words) {
    const pni_plan_cache_place *place = pni_session_plan_cache(s->session);
    PNI_AUTO_PTR(json_t) evicted = json_array();
    pni_engine_plan *plan = NULL;
    for (pni_space space = PNI_SPACE_IDENTITY; space <= PNI_SPACE_RUN; space++) {
        pn_error err = PN_ERROR_INIT;
        pn_status status = pni_engine_plan_restore(pni_session_engine(s->session), space,
                                                   view_of(bytes), &plan, &err);
        T_EQ_INT(status, PN_UNSUPPORTED);
        T_ASSERT(strstr(err.message, words) != NULL);
    }
    FX_OK(
        pni_plan_cache_put(place, pn_bundle_fingerprint(s->bundle), view_of(bytes), evicted, err));
    T_ASSERT(restore(s->session, s->bundle, NULL, &plan, NULL) != PN_OK);
    T_ASSERT(!is_kept(s->session, s->bundle));
}

T_CASE(a_plan_that_lists_files_is_refused) {
    PNI_AUTO(scan) s = {0};
    PNI_AUTO(pn_buf) node = PN_BUF_INIT;
    PNI_AUTO(pn_buf) plan = PN_BUF_INIT;
    scan_init(&s);
    put_field(&node, 14, s.table);
    put_field(&node, 2, fx_bytes(fx_write("secret.csv", "v,s\n1,x\n")));
    put_field(&node, 5, s.columns);
    put_field(&node, 10, fx_bytes("")); /* CSV */
    put_node(&plan, LISTING_SCAN, &node);
    expect_refused(&s, &plan, "brings the table 't' itself");
}

T_CASE(a_plan_that_brings_an_empty_table_is_refused) {
    PNI_AUTO(scan) s = {0};
    PNI_AUTO(pn_buf) node = PN_BUF_INIT;
    PNI_AUTO(pn_buf) plan = PN_BUF_INIT;
    scan_init(&s);
    put_field(&node, 1, s.table);
    put_field(&node, 2, s.columns);
    put_node(&plan, EMPTY_SCAN, &node);
    expect_refused(&s, &plan, "brings the table 't' itself");
}

T_CASE(a_write_and_a_definition_are_refused) {
    PNI_AUTO(scan) s = {0};
    PNI_AUTO(pn_buf) insert = PN_BUF_INIT;
    PNI_AUTO(pn_buf) view = PN_BUF_INIT;
    PNI_AUTO(pn_buf) inserting = PN_BUF_INIT;
    PNI_AUTO(pn_buf) defining = PN_BUF_INIT;
    scan_init(&s);
    put_varint(&insert, 1 << 3);
    put_varint(&insert, 3); /* INSERT, appending */
    put_field(&insert, 2, view_of(&s.plan));
    put_field(&insert, 3, s.table);
    put_field(&insert, 5, view_of(&s.plan));
    put_node(&inserting, DML, &insert);
    expect_refused(&s, &inserting, "SQL policy");
    put_field(&view, 5, s.table);
    put_field(&view, 2, view_of(&s.plan));
    put_node(&defining, CREATE_VIEW, &view);
    expect_refused(&s, &defining, "SQL policy");
}

T_CASE(another_plan_is_not_taken_for_this_one) {
    PNI_AUTO_PTR(pn_session) session = keeping("1MiB");
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, query);
    PNI_AUTO_PTR(pn_bundle) other = fx_compile(session, "select abs(v) + 1 as a from t order by a");
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO_PTR(json_t) evicted = json_array();
    PNI_AUTO_PTR(pni_events) events = pni_events_new();
    const pni_plan_cache_place *place = pni_session_plan_cache(session);
    pni_engine_plan *plan = NULL;
    FX_OK(pni_plan_cache_get(place, pn_bundle_fingerprint(other), &bytes, err));
    FX_OK(pni_plan_cache_put(place, pn_bundle_fingerprint(bundle), view_of(&bytes), evicted, err));
    FX_FAILS(restore(session, bundle, events, &plan, err), PNI_E_PLAN_CACHE_OTHER, NULL);
    expect_event(events, 0, "cache", "evict");
    T_ASSERT(!is_kept(session, bundle));
}

T_CASE(a_table_that_is_not_registered_is_named) {
    PNI_AUTO(scan) s = {0};
    pni_engine_plan *plan = NULL;
    pn_error err = PN_ERROR_INIT;
    scan_init(&s);
    ((uint8_t *)(uintptr_t)s.table.data)[s.table.len - 1] = 'u';
    T_EQ_INT(pni_engine_plan_restore(pni_session_engine(s.session), PNI_SPACE_RUN, view_of(&s.plan),
                                     &plan, &err),
             PN_PLAN);
    T_ASSERT(strstr(err.message, "'u' not found") != NULL);
}

T_CASE(a_table_with_other_columns_is_not_read_by_place) {
    PNI_AUTO(scan) s = {0};
    PNI_AUTO_PTR(pn_session) other = NULL;
    pni_engine_plan *plan = NULL;
    pn_error err = PN_ERROR_INIT;
    scan_init(&s);
    other = fx_session(NULL);
    fx_add_rows(other, "t", "[{\"s\":\"x\",\"v\":1}]");
    T_EQ_INT(pni_engine_plan_restore(pni_session_engine(other), PNI_SPACE_RUN, view_of(&s.plan),
                                     &plan, &err),
             PN_SCHEMA);
    T_ASSERT(strstr(err.message, "'t'") != NULL);
}

T_CASE(noise_is_an_error_and_no_crash) {
    PNI_AUTO(scan) s = {0};
    uint32_t state = 1;
    scan_init(&s);
    for (int i = 0; i < 300; i++) {
        PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
        PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
        pni_buf_append(&bytes, s.plan.data, s.plan.len);
        for (int flips = 0; flips < 1 + i % 3; flips++) {
            state = state * 1664525u + 1013904223u;
            bytes.data[(state >> 8) % bytes.len] ^= (uint8_t)(1u << (state >> 29));
        }
        (void)!pni_engine_plan_restore(pni_session_engine(s.session), PNI_SPACE_IDENTITY,
                                       view_of(&bytes), &plan, NULL);
    }
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL; /* the session goes on */
    FX_OK(pni_engine_plan_restore(pni_session_engine(s.session), PNI_SPACE_IDENTITY,
                                  view_of(&s.plan), &plan, err));
}

/* As deep as the check lets through, the engine recurses over it without harm: LIMITs of LIMITs,
 * and NOTs of NOTs in a condition. */
T_CASE(the_deepest_that_passes_is_read) {
    enum { NOT = 8, LIMIT = 5, SELECTION = 4 };
    PNI_AUTO(scan) s = {0};
    PNI_AUTO(pn_buf) limits = PN_BUF_INIT;
    PNI_AUTO(pn_buf) nots = PN_BUF_INIT;
    PNI_AUTO(pn_buf) selection = PN_BUF_INIT;
    PNI_AUTO(pn_buf) selected = PN_BUF_INIT;
    scan_init(&s);
    pni_buf_append(&limits, s.plan.data, s.plan.len);
    while (!pni_wire_is_deeper(view_of(&limits), 2990))
        wrap(&limits, LIMIT);
    while (!pni_wire_is_deeper(view_of(&nots), 2990))
        wrap(&nots, NOT);
    put_field(&selection, 1, view_of(&s.plan));
    put_field(&selection, 2, view_of(&nots));
    put_node(&selected, SELECTION, &selection);
    const pn_buf *const plans[] = {&limits, &selected};
    for (size_t i = 0; i < 2; i++) {
        PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
        T_ASSERT(!pni_wire_is_deeper(view_of(plans[i]), 3000));
        (void)!pni_engine_plan_restore(pni_session_engine(s.session), PNI_SPACE_IDENTITY,
                                       view_of(plans[i]), &plan, NULL);
    }
    PNI_AUTO_PTR(pni_engine_plan) again = NULL; /* the session goes on */
    FX_OK(pni_engine_plan_restore(pni_session_engine(s.session), PNI_SPACE_IDENTITY,
                                  view_of(&s.plan), &again, err));
}

T_CASE(depth_is_never_taken_for_less) {
    PNI_AUTO(pn_buf) nested = PN_BUF_INIT;
    for (int i = 0; i < 50; i++) {
        PNI_AUTO(pn_buf) outer = PN_BUF_INIT;
        put_field(&outer, 3, fx_bytes("\xff\xff")); /* a text beside it */
        put_field(&outer, 1, view_of(&nested));
        pn_buf_dispose(&nested);
        nested = outer;
        outer = PN_BUF_INIT;
    }
    T_ASSERT(pni_wire_is_deeper(view_of(&nested), 50));
    T_ASSERT(!pni_wire_is_deeper(view_of(&nested), 51));
    T_ASSERT(!pni_wire_is_deeper((pn_bytes){nested.data, 0}, 1));
}

/* The engine skips groups that it does not know and reads what comes behind them. */
T_CASE(groups_hide_no_depth) {
    PNI_AUTO(pn_buf) nested = PN_BUF_INIT;
    PNI_AUTO(pn_buf) groups = PN_BUF_INIT;
    for (int i = 0; i < 50; i++) {
        PNI_AUTO(pn_buf) outer = PN_BUF_INIT;
        put_group(&outer, 9, false);
        put_field(&outer, 2, fx_bytes("x"));
        put_group(&outer, 9, true);
        put_field(&outer, 1, view_of(&nested));
        pn_buf_dispose(&nested);
        nested = outer;
        outer = PN_BUF_INIT;
        put_group(&groups, 7, false);
    }
    T_ASSERT(pni_wire_is_deeper(view_of(&nested), 50));
    T_ASSERT(!pni_wire_is_deeper(view_of(&nested), 101)); /* a group counts to its message's end */
    T_ASSERT(pni_wire_is_deeper(view_of(&groups), 50));
    T_ASSERT(!pni_wire_is_deeper(view_of(&groups), 51));
    for (int i = 0; i < 50; i++)
        put_group(&groups, 7, true);
    T_ASSERT(pni_wire_is_deeper(view_of(&groups), 50));
}

T_CASE(a_plan_that_is_deep_behind_a_group_is_refused) {
    enum { LIMIT = 5, UNKNOWN = 1000 };
    PNI_AUTO(scan) s = {0};
    PNI_AUTO(pn_buf) deep = PN_BUF_INIT;
    PNI_AUTO(pn_buf) plan = PN_BUF_INIT;
    PNI_AUTO_PTR(json_t) evicted = json_array();
    pni_engine_plan *none = NULL;
    scan_init(&s);
    pni_buf_append(&deep, s.plan.data, s.plan.len);
    for (int i = 0; i < 4000; i++)
        wrap(&deep, LIMIT);
    put_group(&plan, UNKNOWN, false);
    put_group(&plan, UNKNOWN, true);
    pni_buf_append(&plan, deep.data, deep.len);
    FX_OK(pni_plan_cache_put(pni_session_plan_cache(s.session), pn_bundle_fingerprint(s.bundle),
                             view_of(&plan), evicted, err));
    FX_FAILS(restore(s.session, s.bundle, NULL, &none, err), PNI_E_PLAN_CACHE_LIMIT,
             "nested deeper");
    T_ASSERT(!is_kept(s.session, s.bundle));
}
