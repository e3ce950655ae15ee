#include "engine_fixture.h"
#include "t.h"

#include <sys/wait.h>
#include <unistd.h>

T_CASE(settings_are_taken_and_listed) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) settings = NULL;
    T_OK(pni_engine_session_settings(session, &settings, &err), &err);
    T_EQ_STR(pni_json_text(settings, "datafusion.execution.target_partitions"), "2");
}

T_CASE(an_unknown_setting_is_named) {
    pn_error err = PN_ERROR_INIT;
    pni_engine_session *session = NULL;
    PNI_AUTO_PTR(json_t) settings = json_pack("{s:{s:s}}", "config", "no.such.key", "2");
    T_STATUS(pni_engine_session_new(settings, &session, &err), PN_INVALID, &err);
    T_ASSERT(!session);
    T_EQ_INT(err.number, PNI_E_ENGINE_SETTING);
    T_ASSERT(strstr(err.message, "no.such.key"));
    T_ASSERT(err.hint[0] != '\0');
}

T_CASE(rules_and_functions_are_listed) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) rules = NULL;
    PNI_AUTO_PTR(json_t) functions = NULL;
    T_OK(pni_engine_session_rules(session, &rules, &err), &err);
    T_ASSERT(json_array_size(json_object_get(rules, "optimizer")) > 10);
    T_OK(pni_engine_session_functions(session, &functions, &err), &err);
    T_ASSERT(json_array_size(functions) > 100);
}

T_CASE(a_name_that_is_not_registered_cannot_be_removed) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pn_error err = PN_ERROR_INIT;
    T_STATUS(pni_engine_deregister(session, PNI_SPACE_RUN, "nothing", &err), PN_NOT_FOUND, &err);
    T_EQ_INT(err.number, PNI_E_ENGINE_NOT_FOUND);
}

/* The child gets an error, not a hang on threads that are not there. */
T_CASE(a_forked_child_is_refused) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pid_t child = fork();
    T_ASSERT(child >= 0);
    if (child == 0) {
        pni_engine_session *other = NULL;
        pn_error err = PN_ERROR_INIT;
        pn_status status = pni_engine_session_new(NULL, &other, &err);
        _exit(status == PN_INVALID && err.number == PNI_E_ENGINE_FORKED ? 0 : 1);
    }
    int how = 0;
    T_ASSERT(waitpid(child, &how, 0) == child);
    T_ASSERT(WIFEXITED(how));
    T_EQ_INT(WEXITSTATUS(how), 0);
}

T_CASE(a_fork_sees_what_was_there_and_keeps_its_own_to_itself) {
    pni_engine_session *session = fixture_session();
    PNI_AUTO_PTR(pni_engine_session) fork = NULL;
    PNI_AUTO_PTR(json_t) settings = NULL;
    pn_error err = PN_ERROR_INIT;
    int64_t rows, sum;
    fixture_numbers(session, "before", 3);
    T_OK(pni_engine_session_fork(session, &fork, &err), &err);
    T_OK(pni_engine_session_settings(fork, &settings, &err), &err);
    T_EQ_STR(pni_json_text(settings, "datafusion.execution.target_partitions"), "2");
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pni_engine_table) view = NULL;
    T_OK(pni_engine_plan_sql(fork, PNI_SPACE_RUN, fixture_bytes("select a from before"), 0, &plan,
                             &err),
         &err);
    T_OK(pni_engine_table_from_plan(plan, &view, &err), &err);
    T_OK(pni_engine_register(fork, PNI_SPACE_RUN, "own", view, &err), &err);
    T_STATUS(fixture_query(session, "select * from own", &rows, &sum, &err), PN_PLAN, &err);
    T_OK(pni_engine_deregister(session, PNI_SPACE_RUN, "before", &err), &err);
    pni_engine_session_free(session);
    T_OK(fixture_query(fork, "select a from own", &rows, &sum, &err), &err);
    T_EQ_INT(rows, 3);
    T_OK(fixture_query(fork, "select a from before", &rows, &sum, &err), &err);
    T_EQ_INT(sum, 3);
}
