/* The function that may wait: what comes out is what went in, however its batches are cut. */
#include "t.h"
#include "udf_call.h"
#include "udf_sql.h"

T_CASE(the_text_is_the_same) {
    UDF_EXPECT("async_echo", "['hello', '', null, '\u00e9\U0001f600']",
               {"u", "['hello', '', null, '\u00e9\U0001f600']"});
    UDF_EXPECT("async_echo", "['a', null]", {"U", "['a', null]"});
    UDF_EXPECT("async_echo", "['short', 'longer than the twelve bytes of a view']",
               {"vu", "['short', 'longer than the twelve bytes of a view']"});
}

T_CASE(it_says_that_it_may_wait) {
    T_EQ_UINT(udf_named("async_echo")->flags, PN_UDF_ASYNC);
    udf_sql_gives(NULL, "select async_echo('hello')", "hello");
    udf_sql_gives(NULL, "select async_echo(value => v) from (values ('a'), (null), ('b')) t(v)",
                  "a,NULL,b");
    udf_sql_gives(NULL, "select v from (values ('a'), ('b')) t(v) where async_echo(v) = 'b'", "b");
}

T_CASE(its_batches_are_cut_and_put_together) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_engine_session) session = udf_sql_session(NULL);
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    T_OK(pni_engine_session_set(session, "pinion_async.ideal_batch_size", "3", &err), &err);
    T_OK(udf_sql_evaluate(session,
                          "select count(*) = 1000 and bool_and(e = v) from (select v, "
                          "async_echo(v) as e from (select cast(value as varchar) as v from "
                          "generate_series(1, 1000)))",
                          &got, &err),
         &err);
    T_EQ_STR(pni_buf_text(&got), "true");
}
