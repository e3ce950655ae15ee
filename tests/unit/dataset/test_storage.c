/* The options of object stores: their names, what each takes, what a location needs, and when the
 * environment is read. */
#include "dataset/dataset.h"
#include "support/core_fixture.h"

#define KEYS "\"access_key_id\": \"AKIA12345678\", \"secret_access_key\": \"hunter2hunter2\""

static pn_status check(const char *json, json_t **out, pn_error *problem) {
    PNI_AUTO_PTR(json_t) given = NULL;
    FX_OK(pni_json_parse(json, strlen(json), "options", &given, err));
    return pni_storage_check("dataset 'd'", given, out, problem);
}

static pn_status resolve(const char *uri, const char *json, json_t **out, pn_error *problem) {
    PNI_AUTO_PTR(json_t) checked = NULL;
    FX_OK(check(json, &checked, err));
    return pni_storage_resolve("dataset 'd'", uri, checked, out, problem);
}

static void expect(const char *json, const char *name, const char *want) {
    PNI_AUTO_PTR(json_t) out = NULL;
    FX_OK(resolve("s3://bucket/key", json, &out, err));
    T_EQ_STR(pni_json_text(out, name), want);
}

static void refused(const char *uri, const char *json, int32_t number, const char *text) {
    PNI_AUTO_PTR(json_t) out = NULL;
    FX_FAILS(resolve(uri, json, &out, err), number, text);
    T_ASSERT(!out);
}

static void wrong(const char *json, const char *text) {
    PNI_AUTO_PTR(json_t) out = NULL;
    FX_FAILS(check(json, &out, err), PNI_E_STORAGE_OPTION, text);
    T_ASSERT(!out);
}

T_CASE(an_option_has_one_name_whatever_it_is_called) {
    PNI_AUTO_PTR(json_t) out = NULL;
    FX_OK(check("{\"aws_region\": \"r\", \"aws_endpoint_url\": \"https://x\", \"token\": \"\"}",
                &out, err));
    T_EQ_UINT(json_object_size(out), 2);
    T_EQ_STR(pni_json_text(out, "region"), "r");
    T_EQ_STR(pni_json_text(out, "endpoint"), "https://x");
    PNI_AUTO_PTR(json_t) again = NULL; /* what was checked can be checked */
    FX_OK(pni_storage_check("dataset 'd'", out, &again, err));
    T_ASSERT(json_equal(out, again));
}

T_CASE(what_an_option_does_not_take_is_named) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) out = NULL;
    wrong("{\"profile\": \"x\"}", "unknown storage option 'profile'");
    wrong("{\"region\": \"a\", \"aws_region\": \"b\"}", "'region' twice");
    wrong("{\"allow_http\": \"yes\"}", "'allow_http' is true or false");
    wrong("{\"timeout\": \"soon\"}", "'timeout' is a number from 0 to 600");
    wrong("{\"timeout\": \"601\"}", "'timeout'");
    wrong("{\"max_retries\": \"21\"}", "'max_retries' is a number from 0 to 20");
    wrong("{\"max_retries\": \"-1\"}", "'max_retries'");
    wrong("{\"endpoint\": \"localhost:9000\"}", "'endpoint' starts with https://");
    wrong("{\"credentials\": \"profile\"}", "static, environment, instance or none");
    wrong("{\"region\": 1}", "'region' is no text");
    T_EQ_INT(check("{\"AWS_SECRET_ACCESS_KEY\": \"hunter2hunter2\"}", &out, &err), PN_INVALID);
    T_ASSERT(strstr(err.hint, "'secret_access_key'"));
    T_ASSERT(!strstr(err.message, "hunter2") && !strstr(err.detail, "hunter2"));
    pn_error other = PN_ERROR_INIT;
    T_EQ_INT(check("{\"credentials\": \"hunter3hunter3\"}", &out, &other), PN_INVALID);
    T_ASSERT(!strstr(other.message, "hunter3") && !strstr(other.detail, "hunter3"));
}

T_CASE(the_engine_is_given_all_that_bounds_a_request) {
    expect("{" KEYS ", \"region\": \"r\"}", "timeout", "30s");
    expect("{" KEYS ", \"region\": \"r\"}", "connect_timeout", "5s");
    expect("{" KEYS ", \"region\": \"r\"}", "max_retries", "3");
    expect("{" KEYS ", \"region\": \"r\"}", "retry_timeout", "60");
    expect("{" KEYS ", \"region\": \"r\", \"timeout\": \"7s\"}", "timeout", "7s");
    expect("{" KEYS ", \"region\": \"r\", \"timeout\": \"7\"}", "timeout", "7s");
    expect("{" KEYS ", \"region\": \"r\", \"retry_timeout\": \"9s\"}", "retry_timeout", "9");
    expect("{" KEYS ", \"region\": \"r\"}", "region", "r");
    expect("{" KEYS ", \"endpoint\": \"https://x\"}", "region", "us-east-1");
    expect("{" KEYS ", \"region\": \"r\"}", "credentials", NULL);
    expect("{\"region\": \"r\", \"credentials\": \"none\"}", "skip_signature", "true");
    expect("{\"region\": \"r\", \"credentials\": \"instance\"}", "skip_signature", NULL);
}

T_CASE(what_a_store_needs_and_has_not_is_named) {
    refused("s3://b/k", "{" KEYS "}", PNI_E_STORAGE_MISSING, "'region'");
    refused("s3://b/k", "{\"region\": \"r\"}", PNI_E_STORAGE_MISSING, "names no credentials");
    refused("s3://b/k", "{\"region\": \"r\", \"access_key_id\": \"AKIA12345678\"}",
            PNI_E_STORAGE_MISSING, "'secret_access_key'");
    refused("s3://b/k", "{\"region\": \"r\", \"secret_access_key\": \"hunter2hunter2\"}",
            PNI_E_STORAGE_MISSING, "'access_key_id'");
    refused("s3://b/k", "{\"region\": \"r\", \"credentials\": \"none\"," KEYS "}",
            PNI_E_STORAGE_OPTION, "credentials: none");
    refused("s3://b/k", "{" KEYS ", \"endpoint\": \"http://x\"}", PNI_E_STORAGE_HTTP, "http://x");
    refused("s3://b/k", "{" KEYS ", \"endpoint\": \"http://x\", \"allow_http\": \"false\"}",
            PNI_E_STORAGE_HTTP, "http://x");
    expect("{" KEYS ", \"endpoint\": \"http://x\", \"allow_http\": \"true\"}", "endpoint",
           "http://x");
}

T_CASE(a_location_is_a_bucket_and_a_key) {
    static const char *const bad[] = {"s3://",          "s3:///k",    "s3://user:pass@b/k",
                                      "s3://b/k?sig=x", "s3://b/k#f", "s3://b~1/k"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(bad[i], "{" KEYS ", \"region\": \"r\"}", PNI_E_STORAGE_URI,
                "is not s3://bucket/key");
    refused("az://container/x", "{}", PNI_E_DATASET_REMOTE, "Azure Storage (az://)");
    refused("abfss://c@a.dfs.core.windows.net/x", "{}", PNI_E_DATASET_REMOTE, "Azure Storage");
    refused("gs://bucket/x", "{}", PNI_E_DATASET_REMOTE, "Google Cloud Storage (gs://)");
    refused("S3://bucket/x", "{}", PNI_E_DATASET_REMOTE, "not known: S3://");
    PNI_AUTO_PTR(pni_text) other = pni_uri_normal("s3a://b/k");
    T_EQ_STR(other, "s3://b/k");
    PNI_AUTO_PTR(pni_text) same = pni_uri_normal("/a/b");
    T_EQ_STR(same, "/a/b");
    T_ASSERT(pni_uri_is_remote("s3://b") && !pni_uri_is_remote("file:///b"));
    T_ASSERT(!pni_uri_is_remote("/b"));
}

T_CASE(a_local_path_needs_nothing) {
    PNI_AUTO_PTR(json_t) out = NULL;
    FX_OK(resolve("/data/x", "{\"access_key_id\": \"AKIA12345678\"}", &out, err));
    T_EQ_UINT(json_object_size(out), 0);
}

T_CASE(the_environment_is_read_by_who_asks) {
    static const char *const names[] = {
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION",        "AWS_ENDPOINT_URL",
        "AWS_ROLE_ARN",      "AWS_SESSION_TOKEN",     "AWS_DEFAULT_REGION"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    refused("s3://b/k", "{\"credentials\": \"environment\", \"region\": \"r\"}",
            PNI_E_STORAGE_MISSING, "environment holds none");
    setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/x", 1);
    expect("{\"credentials\": \"environment\", \"region\": \"r\"}", "aws_role_arn",
           "arn:aws:iam::1:role/x");
    setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hunter4hunter4", 1);
    setenv("AWS_DEFAULT_REGION", "from-variable", 1);
    setenv("AWS_ENDPOINT_URL", "https://from-variable", 1);
    refused("s3://b/k", "{\"region\": \"r\"}", PNI_E_STORAGE_MISSING, "names no credentials");
    refused("s3://b/k", "{" KEYS "}", PNI_E_STORAGE_MISSING, "'region'");
    expect("{" KEYS ", \"region\": \"r\"}", "endpoint", NULL);
    expect("{\"credentials\": \"environment\"}", "access_key_id", "AKIAENVIRONMENT");
    expect("{\"credentials\": \"environment\"}", "region", "from-variable");
    expect("{\"credentials\": \"environment\"}", "endpoint", "https://from-variable");
    expect("{\"credentials\": \"environment\"}", "aws_role_arn", NULL);
    expect("{\"credentials\": \"environment\", \"region\": \"r\"}", "region", "r");
    PNI_AUTO(pn_buf) said = PN_BUF_INIT;
    pni_redact("hunter4hunter4", strlen("hunter4hunter4"), &said);
    T_EQ_STR(pni_buf_text(&said), "***");
}
