/* Reading YAML: every complaint names its line; what is hostile ends soon and cleanly. */
#include "project_fixture.h"

#include <time.h>

static void refused(const char *yaml, size_t line, const char *text) {
    fx_refused(yaml, PNI_E_PROJECT_FILE, line, text);
}

T_CASE(unknown_keys_are_named_with_what_is_allowed) {
    pn_project *project = NULL;
    pn_error err = PN_ERROR_INIT;
    refused("version: 1\nnmae: x\n", 2, "unknown key 'nmae'");
    refused("version: 1\ndatasets:\n  d:\n    format: csv\n    uri: x\n    scheme: {}\n", 6,
            "unknown key 'scheme'");
    T_EQ_INT(fx_open("version: 1\n\nnmae: x\n", &project, &err), PN_INVALID);
    T_EQ_STR(err.hint, "Did you mean 'name'?");
    T_ASSERT(strstr(err.detail, "datasets, functions, name, outputs"));
}

T_CASE(doubled_keys_are_refused_at_the_second) {
    refused("version: 1\nname: a\nname: b\n", 3, "'name' stands twice");
    refused("version: 1\ndatasets:\n  d: {format: csv, uri: x}\n  e: {format: csv, uri: x}\n  "
            "d: {format: csv, uri: y}\n",
            5, "'d' stands twice");
    refused("version: 1\nsettings:\n  batch_size: 1\n  'batch_size': 2\n", 4, "stands twice");
}

T_CASE(wrong_types_say_what_they_are) {
    refused("- version\n", 1, "the project file must be a mapping, not a list");
    refused("version: 1\nname: [a]\n", 2, "name must be a single value, not a list");
    refused("version: 1\ndatasets: []\n", 2, "datasets must be a mapping, not a list");
    refused("version: 1\noutputs: {}\n", 2, "outputs must be a list, not a mapping");
    refused("version: 1\noutputs:\n  - x\n", 3, "an output must be a mapping, not a value");
    refused("version: 1\n? [a]\n: b\n", 2, "a key must be a single value");
    refused(
        "version: 1\ndatasets:\n  d:\n    format: csv\n    uri: x\n    options:\n      a: [1]\n", 7,
        "'a' of options");
}

T_CASE(no_value_is_no_text) {
    static const char *const nulls[] = {"", " ~", " null", " Null", " NULL"};
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++) {
        char yaml[64];
        snprintf(yaml, sizeof yaml, "version: 1\nname:%s\n", nulls[i]);
        refused(yaml, 2, "name has no value");
    }
    refused("version: 1\nname: ''\n", 2, "name is empty");
    pn_project *project = fx_project("version: 1\nname: 'null'\n"); /* a text after all */
    T_EQ_STR(project->name, "null");
    pn_project_free(project);
}

T_CASE(syntax_errors_have_their_line) {
    refused("version: 1\nname: 'open\n", 3, "");
    refused("version: 1\n\tname: x\n", 2, "");
    refused("version: 1\nname: [a\nprofile: dev\n", 3, "");
    refused("version: 1\nname: *nothing\n", 2, "");
    refused("version: 1\n---\nversion: 1\n", 3, "second document");
    refused("", 1, "empty");
    refused("# nothing but words\n", 1, "empty");
}

T_CASE(bytes_that_are_no_text_have_their_line) {
    refused("version: 1\nname: ok\nprofile: \xff\xfe\n", 3, "");
    refused("version: 1\nname: \"a\\0b\"\n", 2, "NUL");
    fx_write_bytes("p/pinion.yaml", "version: 1\nname: a\0b\n", 22);
    pn_project *project = NULL;
    FX_FAILS(pn_project_open(fx_path("p"), NULL, &project, err), PNI_E_PROJECT_FILE,
             "pinion.yaml:2");
}

T_CASE(an_alias_stands_for_its_value) {
    pn_project *project =
        fx_project("version: 1\ndatasets:\n  a: &one {format: csv, uri: x.csv}\n  b: *one\n");
    T_EQ_UINT(pn_catalog_count(project->catalog), 2);
    pn_project_free(project);
    refused("version: 1\ndatasets: &d\n  a: *d\n", 3, "unknown key 'a'"); /* itself */
}

T_CASE(an_alias_bomb_is_bounded) {
    PNI_AUTO(pn_buf) yaml = PN_BUF_INIT;
    pni_buf_puts(&yaml,
                 "version: 1\ndatasets:\n  d:\n    format: csv\n    uri: x\n    metadata:\n      "
                 "constraints:\n"
                 "        unique:\n        - &k [");
    for (int i = 0; i < 20000; i++)
        pni_buf_puts(&yaml, "a,");
    pni_buf_puts(&yaml, "a]\n");
    for (int i = 0; i < 20000; i++) /* 400 million values */
        pni_buf_puts(&yaml, "        - *k\n");
    fx_refused(pni_buf_text(&yaml), PNI_E_PROJECT_FILE, 0, "describes more than");
}

T_CASE(deep_nesting_is_refused_soon) {
    static const char *const pieces[] = {"[", "{", "{a: ", "[a,", "- ", "? "};
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
        PNI_AUTO(pn_buf) yaml = PN_BUF_INIT;
        pni_buf_puts(&yaml, "version: 1\nname:\n  ");
        for (int i = 0; i < 1000000; i++)
            pni_buf_puts(&yaml, pieces[p]);
        fx_refused(pni_buf_text(&yaml), PNI_E_PROJECT_FILE, 3, "");
    }
}

/* The most brackets that are taken, and as much text inside as a file may hold. */
T_CASE(what_is_taken_is_read_in_good_time) {
    PNI_AUTO(pn_buf) yaml = PN_BUF_INIT;
    time_t start = time(NULL);
    pni_buf_puts(&yaml, "version: 1\nname: ");
    for (int i = 0; i < 100; i++)
        pni_buf_putc(&yaml, '[');
    while (yaml.len < PNI_YAML_MAX_BYTES / 4)
        pni_buf_puts(&yaml, "a,");
    for (int i = 0; i < 100; i++)
        pni_buf_putc(&yaml, ']');
    fx_refused(pni_buf_text(&yaml), PNI_E_PROJECT_FILE, 2, "name must be a single value");
    T_ASSERT(time(NULL) - start < 120);
}

T_CASE(a_file_beyond_the_ceiling_is_not_read) {
    PNI_AUTO(pn_buf) yaml = PN_BUF_INIT;
    pni_buf_puts(&yaml, "version: 1\n#");
    while (yaml.len <= PNI_YAML_MAX_BYTES)
        pni_buf_puts(&yaml, "0123456789abcdef0123456789abcdef");
    fx_refused(pni_buf_text(&yaml), PNI_E_FILE_LIMIT, 0, "pinion.yaml");
}

static void expect_option(const char *yaml_value, const char *want) {
    char yaml[512];
    snprintf(yaml, sizeof yaml,
             "version: 1\ndatasets:\n  d:\n    format: csv\n    uri: x\n    storage_options:\n"
             "      session_token: %s\n",
             yaml_value);
    pn_project *project = fx_project(yaml);
    T_EQ_STR(
        pni_json_text(pni_catalog_find(project->catalog, "d")->storage_options, "session_token"),
        want);
    pn_project_free(project);
}

T_CASE(the_environment_is_read_where_it_may_be) {
    setenv("PN_TEST_A", "alpha", 1);
    setenv("PN_TEST_EMPTY", "", 1);
    setenv("PN_TEST_NESTED", "${env:PN_TEST_A}", 1);
    expect_option("${env:PN_TEST_A}", "alpha");
    expect_option("'x${env:PN_TEST_A}y${env:PN_TEST_EMPTY}z${env:PN_TEST_A}'", "xalphayzalpha");
    expect_option("'${env:PN_TEST_NESTED}'", "${env:PN_TEST_A}"); /* replaced once */
    expect_option("'$PN_TEST_A ${PN_TEST_A}'", "$PN_TEST_A ${PN_TEST_A}");
    expect_option("''", NULL); /* as if it were not there */
    refused("version: 1\ndatasets:\n  d:\n    format: csv\n    uri: x\n    storage_options:\n"
            "      session_token: "
            "'${env:PN_TEST_GONE}'\n",
            7, "'PN_TEST_GONE' is not set");
    refused("version: 1\ndatasets:\n  d:\n    format: csv\n    uri: x\n    storage_options:\n"
            "      session_token: "
            "'${env:PN_TEST_A'\n",
            7, "closing brace");
    setenv("PN_TEST_A", "\xff", 1);
    refused("version: 1\ndatasets:\n  d:\n    format: csv\n    uri: x\n    storage_options:\n"
            "      session_token: "
            "'${env:PN_TEST_A}'\n",
            7, "not UTF-8");
    refused("version: 1\nname: '${env:PN_TEST_A}'\n", 2, "allowed in storage_options only");
    refused("version: 1\ndatasets:\n  d:\n    format: csv\n    uri: '${env:PN_TEST_A}/x'\n", 5,
            "allowed in storage_options only");
    refused("version: 1\nsettings:\n  time_zone: '${env:PN_TEST_A}'\n", 3,
            "allowed in storage_options only");
}
