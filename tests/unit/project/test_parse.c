/* pinion.yaml into a project: every key, and what is wrong with each. */
#include "project_fixture.h"

static const char whole[] =
    "version: 1\n"
    "name: shop\n"
    "profile: prod\n"
    "settings:\n"
    "  batch_size: 1024\n"
    "  datafusion.optimizer.max_passes: 5\n"
    "  memory_limit: 1GiB\n"
    "datasets:\n"
    "  orders:\n"
    "    format: delta\n"
    "    uri: data/orders\n"
    "    version: 7\n"
    "    storage_options: {token: abc}\n"
    "    optional: True\n"
    "    schema:\n"
    "      id: int64 not null\n"
    "      tags: list<utf8>\n"
    "    metadata:\n"
    "      ddl: create table orders\n"
    "      defaults: {id: 0}\n"
    "      partition_columns: [day]\n"
    "      constraints: {primary_key: [id], unique: [[id, day], [tags]]}\n"
    "  events:\n"
    "    format: csv\n"
    "    uri: s3://bucket/events\n"
    "    options: {has_header: false, delimiter: ';'}\n"
    "functions:\n"
    "  packs:\n"
    "    - path: packs/../mine.so\n"
    "      sha256: 0000000000000000000000000000000000000000000000000000000000000000\n"
    "  libraries:\n"
    "    - path: /srv/first.so\n"
    "    - path: libs/second.so\n"
    "      sha256: 1111111111111111111111111111111111111111111111111111111111111111\n"
    "outputs:\n"
    "  - view: v\n"
    "    uri: out/v\n"
    "    format: parquet\n"
    "    mode: append\n"
    "    partition_by: [day]\n"
    "    options: {compression: zstd}\n"
    "    storage_options: {token: abc}\n"
    "  - {view: v, uri: out/plain}\n"
    "policies:\n"
    "  sql: write\n";

T_CASE(every_key_arrives) {
    fx_write("p/views/v.sql", "select 1 as day");
    pn_project *project = fx_project(whole);
    T_EQ_STR(project->name, "shop");
    T_EQ_STR(project->profile, "prod");
    T_EQ_UINT(project->settings.count, 3);
    T_EQ_STR(project->settings.items[1].key, "datafusion.optimizer.max_passes");
    T_EQ_STR(project->settings.items[1].value, "5");
    const pni_dataset *orders = pni_catalog_find(project->catalog, "orders");
    T_EQ_STR(orders->uri, fx_path("p/data/orders"));
    T_EQ_STR(orders->version, "7");
    T_ASSERT(orders->optional);
    T_EQ_STR(pni_json_text(orders->storage_options, "session_token"), "abc");
    T_EQ_INT(orders->schema.n_children, 2);
    T_EQ_STR(orders->schema.children[0]->name, "id");
    T_ASSERT(!(orders->schema.children[0]->flags & ARROW_FLAG_NULLABLE));
    T_ASSERT(orders->schema.children[1]->flags & ARROW_FLAG_NULLABLE);
    PNI_AUTO(pn_buf) metadata = PN_BUF_INIT;
    FX_OK(pni_json_canonical(orders->metadata, &metadata, err));
    T_EQ_STR(pni_buf_text(&metadata),
             "{\"constraints\":{\"primary_key\":[\"id\"],\"unique\":[[\"id\",\"day\"],[\"tags\"]]},"
             "\"ddl\":\"create table orders\",\"defaults\":{\"id\":\"0\"},"
             "\"partition_columns\":[\"day\"]}");
    const pni_dataset *events = pni_catalog_find(project->catalog, "events");
    T_EQ_STR(events->uri, "s3://bucket/events");
    T_EQ_STR(pni_json_text(events->options, "delimiter"), ";");
    T_EQ_STR(project->packs.items[0].path, fx_path("p/mine.so"));
    T_EQ_UINT(project->libraries.count, 2);
    T_EQ_STR(project->libraries.items[0].path, "/srv/first.so");
    T_ASSERT(!project->libraries.items[0].digest);
    T_EQ_STR(project->libraries.items[1].path, fx_path("p/libs/second.so"));
    T_EQ_UINT(strspn(project->libraries.items[1].digest, "1"), 64);
    T_EQ_UINT(project->libraries.items[1].line, 33);
    T_EQ_UINT(project->outputs.count, 2);
    T_EQ_INT(project->outputs.items[0].mode, PN_WRITE_APPEND);
    T_EQ_STR(project->outputs.items[0].options_json, "{\"compression\":\"zstd\"}");
    T_EQ_STR(project->outputs.items[0].partition_by.items[0], "day");
    T_EQ_INT(project->outputs.items[1].mode, PN_WRITE_OVERWRITE);
    T_EQ_STR(project->outputs.items[1].format, "delta");
    T_EQ_STR(project->outputs.items[1].uri, fx_path("p/out/plain"));
    T_EQ_INT(project->sql_policy, PN_SQL_POLICY_WRITE);
    pn_project_free(project);
}

T_CASE(a_project_describes_itself_without_secrets) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    fx_write("p/views/v.sql", "select 1 as day");
    pn_project *project = fx_project(whole);
    FX_OK(pn_project_json(project, &text, err));
    T_ASSERT(!strstr(pni_buf_text(&text), "token") && !strstr(pni_buf_text(&text), "abc"));
    PNI_AUTO_PTR(json_t) json = fx_json(&text);
    T_EQ_STR(pni_json_text(json, "name"), "shop");
    T_EQ_UINT(json_array_size(json_object_get(json, "datasets")), 2);
    T_EQ_STR(pni_json_text(json_array_get(json_object_get(json, "views"), 0), "path"),
             "views/v.sql");
    T_EQ_STR(pni_json_text(json_array_get(json_object_get(json, "outputs"), 0), "mode"), "append");
    pn_project_free(project);
    FX_FAILS(pn_project_json(NULL, &text, err), PNI_E_ARGUMENT, "project");
}

T_CASE(what_is_wrong_is_named_with_its_line) {
    static const struct {
        const char *yaml;
        size_t line;
        const char *text;
    } cases[] = {
        {"name: x\n", 1, "needs a version"},
        {"version: 2\n", 1, "version '2'"},
        {"version: one\n", 1, "version 'one'"},
        {"version: 1\nprofile: huge\n", 2, "profile 'huge'"},
        {"version: 1\nsettings: {memorylimit: 1}\n", 2, "'memorylimit' is no setting"},
        {"version: 1\ndatasets:\n  d: {uri: x}\n", 3, "'d' needs format and uri"},
        {"version: 1\ndatasets:\n  d: {format: csv}\n", 3, "'d' needs format and uri"},
        {"version: 1\ndatasets:\n  d: {format: orc, uri: x}\n", 3, "'orc' is none of delta"},
        {"version: 1\ndatasets:\n  d:\n    format: tables.\n    uri: x\n", 4,
         ", delta_snapshot, delta_cdf, delta_add_actions, pack.name"},
        {"version: 1\ndatasets:\n  d:\n    format: csv\n    uri: x\n    optional: maybe\n", 6,
         "true or false"},
        {"version: 1\ndatasets:\n  d:\n    format: csv\n    uri: x\n    schema: {}\n", 6,
         "no column"},
        {"version: 1\ndatasets:\n  d:\n    format: csv\n    uri: x\n    schema:\n      a: intt\n",
         7, "'intt' is no type for column 'a'"},
        {"version: 1\ndatasets:\n  d:\n    format: csv\n    uri: x\n    schema:\n      a: list<\n",
         7, "'list<'"},
        {"version: 1\nfunctions: {packs: [{sha256: 00}]}\n", 2, "sha256"},
        {"version: 1\nfunctions:\n  packs:\n    - {}\n", 4, "a pack needs a path"},
        {"version: 1\nfunctions:\n  libraries:\n    - {}\n", 4, "a library needs a path"},
        {"version: 1\nfunctions:\n  libraries:\n    - {path: a, digest: b}\n", 4, "'digest'"},
        {"version: 1\noutputs:\n  - view: v\n", 3, "needs view and uri"},
        {"version: 1\noutputs:\n  - view: V\n    uri: x\n", 3, "'V' is no view name"},
        {"version: 1\noutputs:\n  - view: v\n    uri: x\n    format: orc\n", 5, "'orc'"},
        {"version: 1\noutputs:\n  - view: v\n    uri: x\n    mode: merge\n", 5, "mode 'merge'"},
        {"version: 1\npolicies: {sql: root}\n", 2, "'root'"},
        {"version: 1\npolicies: {shell: no}\n", 2, "unknown key 'shell'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        fx_refused(cases[i].yaml, PNI_E_PROJECT_FILE, cases[i].line, cases[i].text);
}

T_CASE(what_the_catalog_refuses_keeps_its_number_and_gets_a_line) {
    fx_refused("version: 1\ndatasets:\n  Orders: {format: csv, uri: x}\n", PNI_E_NAME, 3,
               "'Orders'");
    fx_refused("version: 1\n\ndatasets:\n  d: {format: csv, uri: x, version: 1}\n",
               PNI_E_DATASET_OPTION, 4, "'d'");
    fx_refused("version: 1\ndatasets:\n  d: {format: csv, uri: x, optional: true}\n",
               PNI_E_DATASET_OPTION, 3, "schema");
    fx_refused("version: 1\noutputs:\n\n  - {view: gone, uri: x}\n", PNI_E_PROJECT_OUTPUT, 4,
               "'gone'");
}

T_CASE(options_of_the_caller_go_over_the_file) {
    const pn_setting settings[] = {{"batch_size", "7"}};
    pn_project_options options = PN_PROJECT_OPTIONS_INIT;
    pn_project *project = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    fx_write("p/pinion.yaml", "version: 1\nprofile: prod\nsettings: {batch_size: 9}\n");
    options.profile = "dev";
    options.settings = settings;
    options.n_settings = 1;
    FX_OK(pn_project_open(fx_path("p"), &options, &project, err));
    FX_OK(pn_project_json(project, &text, err));
    T_ASSERT(strstr(pni_buf_text(&text), "\"batch_size\":\"7\"") &&
             strstr(pni_buf_text(&text), "\"profile\":\"dev\""));
    pn_project_free(project);
    project = NULL;
    options.settings = &(pn_setting){"batch_size", NULL};
    FX_FAILS(pn_project_open(fx_path("p"), &options, &project, err), PNI_E_SESSION_SETTING, "0");
    options.settings = NULL;
    FX_FAILS(pn_project_open(fx_path("p"), &options, &project, err), PNI_E_ARGUMENT, "settings");
    FX_FAILS(pn_project_open(fx_path("gone"), NULL, &project, err), PNI_E_PROJECT_MISSING, "gone");
    FX_FAILS(pn_project_open(NULL, NULL, &project, err), PNI_E_ARGUMENT, "dir");
    T_ASSERT(!project && !pn_project_views(NULL));
}
