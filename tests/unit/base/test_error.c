/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "t.h"

#include <errno.h>

T_CASE(catalogue_is_sorted_unique_and_complete) {
    int32_t before = 0;
    size_t count = pn_error_catalogue_count();
    T_ASSERT(count > 0);
    for (size_t i = 0; i < count; i++) {
        const pn_error_entry *row = pn_error_catalogue_at(i);
        if (row->number <= before) {
            T_FAIL("PN%d (%s) does not come after PN%d", row->number, row->name, before);
        }
        before = row->number;
        T_ASSERT(row->number >= 1000 && row->number <= 9999);
        T_ASSERT(row->status != PN_OK);
        T_ASSERT(strcmp(pn_status_name(row->status), "UNKNOWN") != 0);
        size_t remedy = strlen(row->remedy);
        if (remedy == 0 || remedy > 255 || row->remedy[remedy - 1] == ' ') {
            T_FAIL("%s: the remedy has %zu bytes", row->name, remedy);
        }
        T_ASSERT(pni_ends_with(row->summary, "."));
        T_ASSERT(pn_error_catalogue_find(row->number) == row);
        for (size_t k = 0; k < i; k++) {
            T_ASSERT(!pni_streq(pn_error_catalogue_at(k)->name, row->name));
        }
    }
    T_ASSERT(!pn_error_catalogue_at(count));
    T_ASSERT(!pn_error_catalogue_find(0) && !pn_error_catalogue_find(999999));
}

T_CASE(statuses_have_names_and_exit_codes) {
    T_EQ_STR(pn_status_name(PN_OK), "OK");
    T_EQ_STR(pn_status_name(PN_INTERNAL), "INTERNAL");
    T_EQ_STR(pn_status_name(19), "UNKNOWN");
    T_EQ_STR(pn_status_name(-1), "UNKNOWN");
    T_EQ_INT(pn_status_exit_code(PN_OK), 0);
    T_EQ_INT(pn_status_exit_code(PN_DRIFT), 1);
    T_EQ_INT(pn_status_exit_code(PN_PLAN), 2);
    T_EQ_INT(pn_status_exit_code(PN_CANCELLED), 130);
    T_EQ_INT(pn_status_exit_code(77), 3);
}

T_CASE(fail_fills_status_number_and_hint) {
    pn_error err = PN_ERROR_INIT;
    err.detail[0] = 'x';
    T_EQ_INT(pni_fail(&err, PNI_E_ARGUMENT, "the %s is missing", "path"), PN_INVALID);
    T_EQ_INT(err.status, PN_INVALID);
    T_EQ_INT(err.number, 1001);
    T_EQ_INT(err.os_errno, 0);
    T_EQ_STR(err.message, "the path is missing");
    T_EQ_STR(err.detail, "");
    T_EQ_STR(err.hint, pn_error_catalogue_find(1001)->remedy);
    pni_error_hint(&err, "give a %s", "path");
    T_EQ_STR(err.hint, "give a path");
    T_EQ_INT(pni_fail(NULL, PNI_E_JSON, "nobody listens"), PN_CORRUPT);
}

T_CASE(zeroed_errors_learn_their_size) {
    pn_error err = {0};
    (void)pni_fail(&err, PNI_E_JSON, "x");
    T_EQ_UINT(err.struct_size, sizeof err);
}

T_CASE(os_errors_name_the_reason) {
    pn_error err = PN_ERROR_INIT;
    T_EQ_INT(pni_fail_os(&err, PNI_E_FILE_READ, EACCES, "reading '%s'", "a"), PN_IO);
    T_EQ_STR(err.message, "reading 'a': Permission denied");
    T_EQ_INT(err.os_errno, EACCES);
}

T_CASE(long_messages_lose_their_middle) {
    pn_error err = PN_ERROR_INIT;
    char path[4000];
    for (size_t i = 0; i + 2 < sizeof path; i += 3) {
        memcpy(path + i, "\xE2\x82\xAC", 3);
    }
    path[3999] = '\0';
    (void)pni_fail_os(&err, PNI_E_FILE_READ, ENOENT, "reading '%s'", path);
    T_ASSERT(strlen(err.message) < sizeof err.message && strlen(err.message) > 240);
    T_ASSERT(pni_starts_with(err.message, "reading '"));
    T_ASSERT(pni_ends_with(err.message, "': No such file or directory"));
    T_ASSERT(pni_utf8_valid(err.message, strlen(err.message)));
}

T_CASE(messages_are_one_line) {
    pn_error err = PN_ERROR_INIT;
    (void)pni_fail(&err, PNI_E_JSON, "a\nb\tc");
    T_EQ_STR(err.message, "a b c");
}

T_CASE(long_details_keep_both_ends) {
    pn_error err = PN_ERROR_INIT;
    char text[5000];
    memset(text, 'm', sizeof text);
    memcpy(text, "start\n", 6);
    memcpy(text + 4994, "\nend!", 6);
    (void)pni_fail(&err, PNI_E_JSON, "x");
    pni_error_detail(&err, "%s", text);
    T_ASSERT(strlen(err.detail) < sizeof err.detail && strlen(err.detail) > 1400);
    T_ASSERT(pni_starts_with(err.detail, "start\nmmm") && pni_ends_with(err.detail, "m\nend!"));
    T_ASSERT(strstr(err.detail, "\xE2\x80\xA6"));
    pni_error_detail(&err, "short");
    T_EQ_STR(err.detail, "short");
}

T_CASE(context_prefixes) {
    pn_error err = PN_ERROR_INIT;
    (void)pni_fail(&err, PNI_E_FILE_MISSING, "no such file");
    pni_error_context(&err, "view '%s'", "v");
    T_EQ_STR(err.message, "view 'v': no such file");
    T_EQ_INT(err.number, PNI_E_FILE_MISSING);
    pni_error_context(NULL, "view '%s'", "v");
    pni_error_detail(NULL, "x");
    pni_error_hint(NULL, "x");
}

T_CASE(made_up_names_are_replaced) {
    pn_error err = PN_ERROR_INIT;
    pni_fail(&err, PNI_E_ARGUMENT, "no table 'x_12' at a");
    pni_error_say(&err, "table 'x_12'", "x('a')");
    T_EQ_STR(err.message, "no x('a') at a");
    pni_error_say(&err, "table 'x_12'", "other");
    T_EQ_STR(err.message, "no x('a') at a");
    pni_error_say(NULL, "a", "b");
}

T_CASE(numbers_are_given_once) {
    pn_error err = PN_ERROR_INIT;
    err.status = PN_EXEC;
    pni_error_number(&err, PNI_E_ENGINE_EXEC);
    T_EQ_INT(err.number, PNI_E_ENGINE_EXEC);
    T_EQ_STR(err.hint, pn_error_catalogue_find(PNI_E_ENGINE_EXEC)->remedy);
    pni_error_number(&err, PNI_E_INTERNAL);
    T_EQ_INT(err.number, PNI_E_ENGINE_EXEC);
    T_EQ_INT(err.status, PN_EXEC);
    pni_error_number(NULL, PNI_E_INTERNAL);
}
