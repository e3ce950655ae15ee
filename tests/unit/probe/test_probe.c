/* Probing: every way to go wrong is told by name, and the process that asks goes on. */
#include "pinion/udf.h"

#include "base/record.h"
#include "probe/probe_priv.h"
#include "t.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static char *pack_path(const char *name) {
    const char *build = getenv("PN_BUILD_DIR");
    if (!build) {
        T_SKIP("no build tree (PN_BUILD_DIR)");
    }
    PNI_AUTO(pn_buf) path = PN_BUF_INIT;
    pni_buf_printf(&path, "%s/tests/plugins/%s.so", build, name);
    if (!pni_path_exists(pni_buf_text(&path))) {
        T_SKIP("the test packs are not built");
    }
    return pni_buf_steal(&path);
}

static json_t *probe(const char *name) {
    PNI_AUTO_PTR(pni_text) path = pack_path(name);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_probe_options options = PN_PROBE_OPTIONS_INIT;
    pn_error err = PN_ERROR_INIT;
    options.timeout_ms = 1000, options.rows = 2000;
    T_OK(pn_udf_probe(path, &options, &text, &err), &err);
    return json_loadb((const char *)text.data, text.len, 0, NULL);
}

static const json_t *function_of(const json_t *report, const char *name) {
    size_t index;
    json_t *function;
    json_array_foreach(json_object_get(report, "functions"), index, function) {
        if (pni_streq(pni_json_text(function, "name"), name)) {
            return function;
        }
    }
    T_FAIL("the report has no function '%s'", name);
}

T_CASE(what_goes_wrong_is_told_by_name) {
    static const struct {
        const char *name, *what, *at, *text;
    } wanted[] = {
        {"counts_its_calls", "not immutable", "1 argument, one row", "other results"},
        {"crashes", "crash", "1 argument, many rows", "signal 11"},
        {"ends_the_process", "exit", "1 argument, no rows", "code 7"},
        {"fails_without_a_word", "message", "1 argument, no rows", "without a text"},
        {"forgets_rows", "length", "1 argument, a slice", "7 rows, want 8"},
        {"frees_its_result", "crash", "1 argument, one row", "signal"},
        {"gives_nothing", "result", "1 argument, no rows", "no result"},
        {"hangs", "timeout", "1 argument, no rows", "1000 ms, and it did not stop"},
        {"lends_its_arguments", "crash", "1 argument, one row", "signal"},
        {"miscounts_nulls", "null count", "1 argument, one row", "0 nulls and says 1"},
        {"reads_past_the_end", "crash", "1 argument, one row", "signal"},
        {"writes_to_its_arguments", "crash", "1 argument, one row", "signal"},
    };
#ifdef __SANITIZE_ADDRESS__
    T_SKIP("the sanitizer takes signals itself");
#endif
    PNI_AUTO_PTR(json_t) report = probe("probed");
    T_ASSERT(json_is_false(json_object_get(report, "ok")));
    T_EQ_STR(pni_json_text(report, "pack"), "probed");
    T_EQ_STR(pni_json_text(report, "version"), "0.1");
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const json_t *function = function_of(report, wanted[i].name);
        const json_t *finding = json_array_get(json_object_get(function, "findings"), 0);
        if (!pni_streq(pni_json_text(finding, "what"), wanted[i].what) ||
            !pni_streq(pni_json_text(finding, "at"), wanted[i].at) ||
            !strstr(pni_json_text(finding, "text"), wanted[i].text)) {
            T_FAIL("%s: %s, %s: %s", wanted[i].name, pni_json_text(finding, "what"),
                   pni_json_text(finding, "at"), pni_json_text(finding, "text"));
        }
    }
}

/* What the finding of a function says; "" when it passed. */
static void expect_finding(const json_t *report, const char *name, const char *what) {
    const json_t *finding =
        json_array_get(json_object_get(function_of(report, name), "findings"), 0);
    const char *found = finding ? pni_json_text(finding, "what") : "";
    if (!pni_streq(found, what)) {
        T_FAIL("%s: '%s', want '%s': %s", name, found, what,
               finding ? pni_json_text(finding, "text") : "");
    }
}

T_CASE(aggregates_and_windows_are_called_too) {
    PNI_AUTO_PTR(json_t) bad = probe("bad_kinds");
    expect_finding(bad, "wrong_null_count", "null count");
    expect_finding(bad, "no_state", "state");
    expect_finding(bad, "few_states", "state");
    expect_finding(bad, "more_results", "length");
    expect_finding(bad, "refuses_rows", "");
    expect_finding(bad, "wrong_length", "length");
    expect_finding(bad, "two_per_frame", "length");
    expect_finding(bad, "no_result", "result");
    T_EQ_STR(pni_json_text(function_of(bad, "refuses_rows"), "refusal"), "the rows taste of rust");
    T_EQ_STR(pni_json_text(function_of(bad, "no_state"), "kind"), "aggregate");
    PNI_AUTO_PTR(json_t) good = probe("all_kinds");
    if (!json_is_true(json_object_get(good, "ok"))) {
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        pn_error err = PN_ERROR_INIT;
        T_OK(pni_json_canonical(good, &text, &err), &err);
        T_FAIL("%s", pni_buf_text(&text));
    }
}

T_CASE(what_is_kept_from_one_call_to_the_next_is_seen) {
#ifdef __SANITIZE_ADDRESS__
    T_SKIP("the sanitizer takes signals itself");
#endif
    PNI_AUTO_PTR(json_t) report = probe("keeps");
    expect_finding(report, "keeps_literals", "crash");
    expect_finding(report, "keeps_rows", "crash");
    expect_finding(report, "keeps_states", "crash");
    expect_finding(report, "lends_its_rows", "crash");
}

/* It closes everything that could tell the parent of its end, and does not end. */
T_CASE(a_pack_cannot_hide_nor_speak_for_itself) {
    PNI_AUTO_PTR(json_t) report = probe("hostile");
    expect_finding(report, "hides", "timeout");
    expect_finding(report, "(unknown)", "report");
    T_EQ_UINT(json_array_size(json_object_get(report, "functions")), 2);
    T_EQ_STR(pni_json_text(report, "pack"), "hostile");
}

/* A report of bytes that mean nothing, with whatever the process ended with. */
T_CASE(a_report_that_was_overwritten_is_told_and_not_read) {
    static probe_page page;
    for (int byte = 1; byte < 256; byte++) {
        memset(&page, byte, sizeof page);
        pni_probe_judge(&page, 0, byte % 2, 1);
        T_EQ_UINT(page.n_findings, 1 + (uint32_t)byte % 2);
        T_EQ_STR(page.findings[0].what, "report");
        T_EQ_STR(page.findings[0].at, "");
        T_EQ_UINT(page.has_failed + page.is_past_end, 0);
    }
    page = (probe_page){.is_done = 1, .why = PN_ERROR_INIT};
    snprintf(page.why.hint, sizeof page.why.hint, "\xff");
    snprintf(page.refusal, sizeof page.refusal, "\xc3");
    pni_probe_judge(&page, 0, false, 1);
    T_EQ_UINT(page.n_findings, 0);
    T_EQ_STR(page.why.hint, "(not UTF-8)");
    T_EQ_STR(page.refusal, "(not UTF-8)");
}

static void *fire_soon(void *cancel) {
    usleep(200000);
    pn_cancel_fire(cancel);
    return NULL;
}

/* Four at once, each with a hang of its own: none waits for the end of another's. */
typedef struct probing {
    pthread_t thread;
    const char *path;
    pn_cancel *cancel;
    pn_status status;
    int32_t number;
} probing;

static void *probe_at_length(void *at) {
    probing *self = at;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_probe_options options = PN_PROBE_OPTIONS_INIT;
    pn_error err = PN_ERROR_INIT;
    options.timeout_ms = 60000, options.cancel = self->cancel;
    self->status = pn_udf_probe(self->path, &options, &text, &err);
    self->number = err.number;
    return NULL;
}

T_CASE(probing_is_cancelled_within_a_moment) {
    enum { AT_ONCE = 4 };
    PNI_AUTO_PTR(pni_text) path = pack_path("hostile");
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    probing all[AT_ONCE];
    pthread_t firing;
    const int64_t start = pni_now_ms();
    for (size_t i = 0; i < AT_ONCE; i++) {
        all[i] = (probing){.path = path, .cancel = cancel};
        T_EQ_INT(pthread_create(&all[i].thread, NULL, probe_at_length, &all[i]), 0);
    }
    T_EQ_INT(pthread_create(&firing, NULL, fire_soon, cancel), 0);
    for (size_t i = 0; i < AT_ONCE; i++) {
        pthread_join(all[i].thread, NULL);
        T_EQ_INT(all[i].status, PN_CANCELLED);
        T_EQ_INT(all[i].number, PNI_E_CANCELLED);
    }
    pthread_join(firing, NULL);
    T_ASSERT(pni_now_ms() - start < 10000);
}

static volatile sig_atomic_t alarms;
static void count_alarm(int signal) {
    (void)signal;
    alarms++;
}

/* Signals that come faster than the timeout do not put it off. */
T_CASE(a_timeout_is_one_whatever_interrupts_the_wait) {
    const struct itimerval often = {{0, 20000}, {0, 20000}}, never = {0};
    struct sigaction action = {.sa_handler = count_alarm}, before;
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &often, NULL);
    const int64_t start = pni_now_ms();
    PNI_AUTO_PTR(json_t) report = probe("hostile");
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    expect_finding(report, "hides", "timeout");
    T_ASSERT(alarms > 5);
    T_ASSERT(pni_now_ms() - start < 10000);
}

T_CASE(an_error_with_a_text_is_a_good_answer) {
    PNI_AUTO_PTR(json_t) report = probe("probed");
    const json_t *function = function_of(report, "refuses");
    T_ASSERT(json_is_true(json_object_get(function, "ok")));
    T_EQ_STR(pni_json_text(function, "refusal"), "not today");
    T_EQ_INT(json_integer_value(json_object_get(function, "calls")),
             json_integer_value(json_object_get(function, "refused")));
}

T_CASE(a_right_pack_passes) {
    PNI_AUTO_PTR(json_t) report = probe("good");
    T_ASSERT(json_is_true(json_object_get(report, "ok")));
    T_EQ_UINT(json_array_size(json_object_get(report, "functions")), 1);
    T_EQ_INT(json_integer_value(json_object_get(function_of(report, "double_it"), "calls")), 14);
    T_EQ_UINT(strlen(pni_json_text(report, "digest")), 64);
}

T_CASE(a_pack_that_cannot_be_loaded_is_a_report) {
    PNI_AUTO_PTR(json_t) report = probe("wrong_abi");
    T_ASSERT(json_is_false(json_object_get(report, "ok")));
    const json_t *error = json_object_get(report, "error");
    T_EQ_INT(json_integer_value(json_object_get(error, "number")), PNI_E_UDF_ABI);
    T_ASSERT(strstr(pni_json_text(error, "message"), "7.3"));
    PNI_AUTO_PTR(json_t) refused = probe("refuses");
    T_EQ_STR(pni_json_text(json_object_get(refused, "error"), "detail"),
             "no licence for this machine");
}

T_CASE(the_built_in_functions_pass) {
    static probe_page page;
    for (uint64_t i = 0;; i++) {
        page = (probe_page){.why = PN_ERROR_INIT};
        pni_probe_function(NULL, i, 500, &page);
        if (page.is_past_end) {
            T_ASSERT(i >= 20);
            return;
        }
        if (page.n_findings) {
            T_FAIL("%s: %s, %s: %s", page.name, page.findings[0].what, page.findings[0].at,
                   page.findings[0].text);
        }
    }
}

T_CASE(wrong_arguments_are_refused) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_probe_options options = PN_PROBE_OPTIONS_INIT;
    pn_error err = PN_ERROR_INIT;
    T_STATUS(pn_udf_probe("/no/such.so", NULL, &text, &err), PN_NOT_FOUND, &err);
    T_STATUS(pn_udf_probe(NULL, NULL, &text, &err), PN_INVALID, &err);
    options.rows = 2000000;
    T_STATUS(pn_udf_probe("/no/such.so", &options, &text, &err), PN_INVALID, &err);
}

T_CASE(a_text_is_cut_between_characters) {
    PNI_AUTO_PTR(json_t) report = probe("probed");
    const json_t *function = function_of(report, "talks_at_length");
    const char *refusal = pni_json_text(function, "refusal");
    T_EQ_UINT(strlen(refusal), 157);
    T_ASSERT(pni_ends_with(refusal, "\xe2\x82\xac"));
    static probe_page page;
    page = (probe_page){.is_done = 1, .why = PN_ERROR_INIT};
    pni_probe_note(&page, "type", "%s: %s", refusal, refusal);
    pni_probe_judge(&page, 0, false, 1);
    T_EQ_UINT(strlen(page.findings[0].text), 253);
    T_ASSERT(pni_ends_with(page.findings[0].text, "\xe2\x82\xac"));
}

/* A function may wait for as long as it is let. */
T_CASE(what_stops_when_it_is_told_to_is_well) {
    PNI_AUTO_PTR(json_t) report = probe("probed");
    const json_t *function = function_of(report, "waits_until_stopped");
    expect_finding(report, "waits_until_stopped", "");
    T_EQ_STR(pni_json_text(function, "refusal"), "stopped");
    T_ASSERT(json_is_true(json_object_get(function, "stopped")));
    T_EQ_INT(json_integer_value(json_object_get(function, "calls")), 1);
    T_ASSERT(!json_object_get(function_of(report, "refuses"), "stopped"));
}
