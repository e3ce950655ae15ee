#include "engine/engine_priv.h"
#include "engine_fixture.h"
#include "t.h"

#include <errno.h>

T_CASE(every_status_of_the_engine_gets_a_number_of_that_status) {
    static const pn_status given[] = {
        PN_PLAN,        PN_EXEC,    PN_LIMIT,   PN_PANIC,    PN_REENTRANT, PN_IO,     PN_NOT_FOUND,
        PN_UNSUPPORTED, PN_INVALID, PN_CORRUPT, PN_CONFLICT, PN_SCHEMA,    PN_EXISTS, PN_CANCELLED};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        pn_error err = PN_ERROR_INIT;
        err.status = given[i];
        T_EQ_INT(pni_engine_finish(given[i], &err), given[i]);
        const pn_error_entry *entry = pn_error_catalogue_find(err.number);
        T_ASSERT(entry);
        T_EQ_INT(entry->status, given[i]);
        T_EQ_STR(err.hint, entry->remedy);
    }
}

T_CASE(a_status_without_a_row_of_its_own_is_other) {
    pn_error err = PN_ERROR_INIT;
    T_EQ_INT(pni_engine_finish(PN_INTERNAL, &err), PN_INTERNAL);
    T_EQ_INT(err.number, PNI_E_ENGINE_OTHER);
}

T_CASE(what_a_function_says_stands_without_its_wrapping) {
    pn_error err = PN_ERROR_INIT;
    err.status = PN_PLAN;
    snprintf(err.message, sizeof err.message, "%s",
             "function 'f' user-defined coercion failed with: External error: function 'f' takes 1 "
             "arguments, not 2. No function matches the given name and argument types");
    T_EQ_INT(pni_engine_finish(PN_PLAN, &err), PN_PLAN);
    T_EQ_STR(err.message, "function 'f' takes 1 arguments, not 2");
    T_EQ_INT(err.number, PNI_E_ENGINE_SQL);
}

T_CASE(a_hint_of_the_engine_stays) {
    pn_error err = PN_ERROR_INIT;
    pni_error_hint(&err, "%s", "look there");
    T_EQ_INT(pni_engine_finish(PN_IO, &err), PN_IO);
    T_EQ_STR(err.hint, "look there");
    T_EQ_INT(pni_engine_finish(PN_IO, NULL), PN_IO);
}

static const char *stream_text;

static const char *last_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return stream_text;
}

static void release(struct ArrowArrayStream *stream) {
    stream->release = NULL;
}

T_CASE(codes_of_streams_become_numbers) {
    struct ArrowArrayStream stream = {.get_last_error = last_error, .release = release};
    pn_error err = PN_ERROR_INIT;
    stream_text = "cannot read 'x'.\nsecond line";
    T_STATUS(pni_engine_stream_error(&stream, EIO, &err), PN_EXEC, &err);
    T_EQ_STR(err.message, "cannot read 'x'");
    T_EQ_STR(err.detail, stream_text);
    T_STATUS(pni_engine_stream_error(&stream, ENOMEM, &err), PN_LIMIT, &err);
    T_STATUS(pni_engine_stream_error(&stream, ECANCELED, &err), PN_CANCELLED, &err);
    stream_text = NULL;
    T_STATUS(pni_engine_stream_error(&stream, EIO, &err), PN_EXEC, &err);
    T_EQ_INT(err.os_errno, EIO);
    T_ASSERT(err.message[0] != '\0');
}
