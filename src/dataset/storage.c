/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of object stores: which there are, what values they take, which are secret, and which
 * a location needs. Names are those of the AWS tools; a leading "aws_" does not matter.
 *
 * Nothing is found by itself: credentials stand in the options, or the options say where they are
 * (decision 0020). So a dataset means the same on every machine, and what the environment happens
 * to hold is read only by who asks for it. Names and values are checked when a dataset is declared;
 * whether all that is needed is there, and the environment, when it is opened.
 */
#include "dataset/dataset.h"

#include <ctype.h>
#include <stdlib.h>

typedef enum option_kind { TEXT, FLAG, SECONDS, COUNT, ENDPOINT, CREDENTIALS } option_kind;

typedef struct storage_option {
    const char *name;
    const char *alias;       /* or NULL */
    const char *variable;    /* with `credentials: environment`, or NULL */
    const char *or_variable; /* or NULL */
    option_kind kind;
    uint64_t max;
    const char *otherwise; /* what is used when it is not given, or NULL */
} storage_option;

/* Sorted by name. */
static const storage_option options[] = {
    {"access_key_id", NULL, "AWS_ACCESS_KEY_ID", NULL, TEXT, 0, NULL},
    {"allow_http", NULL, NULL, NULL, FLAG, 0, NULL},
    {"connect_timeout", NULL, NULL, NULL, SECONDS, 600, "5"},
    {"credentials", NULL, NULL, NULL, CREDENTIALS, 0, NULL},
    {"endpoint", "endpoint_url", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", ENDPOINT, 0, NULL},
    {"max_retries", NULL, NULL, NULL, COUNT, 20, "3"},
    {"region", "default_region", "AWS_REGION", "AWS_DEFAULT_REGION", TEXT, 0, NULL},
    {"retry_timeout", NULL, NULL, NULL, COUNT, 600, "60"},
    {"secret_access_key", NULL, "AWS_SECRET_ACCESS_KEY", NULL, TEXT, 0, NULL},
    {"session_token", "token", "AWS_SESSION_TOKEN", NULL, TEXT, 0, NULL},
    {"timeout", NULL, NULL, NULL, SECONDS, 600, "30"},
    {"virtual_hosted_style_request", NULL, NULL, NULL, FLAG, 0, NULL},
};
enum { N_OPTIONS = sizeof options / sizeof *options };

/* What else of the environment tells where credentials come from; the engine's names are the
 * variables' in lower case. */
static const char *const identity_variables[] = {
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
};

static const char *const credentials_words[] = {"environment", "instance", "none", "static"};

static char *lower(const char *text) {
    char *copy = pni_strdup(text);
    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

static const char *plain_name(const char *name) {
    return pni_starts_with(name, "aws_") ? name + strlen("aws_") : name;
}

static const storage_option *find_option(const char *name) {
    const char *plain = plain_name(name);
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (pni_streq(plain, options[i].name) || pni_streq(plain, options[i].alias))
            return &options[i];
    return NULL;
}

static pn_status unknown_option(const char *what, const char *given, pn_error *err) {
    const char *nearest = NULL;
    char shown[72];
    PNI_AUTO_PTR(pni_text) folded = lower(given);
    for (size_t i = 0; i < N_OPTIONS; i++)
        nearest = pni_nearer(plain_name(folded), nearest, options[i].name);
    pn_status status = pni_fail(err, PNI_E_STORAGE_OPTION, "%s has the unknown storage option '%s'",
                                what, pni_name_short(given, shown));
    if (nearest)
        pni_error_hint(err, "Did you mean '%s'? docs/project-file.md lists them.", nearest);
    return status;
}

static bool is_word(const char *value, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (pni_streq(value, words[i]))
            return true;
    return false;
}

/* "30" or "30s". */
static bool is_number(const char *value, uint64_t max) {
    uint64_t number;
    size_t len = strlen(value);
    PNI_AUTO_PTR(pni_text) digits = pni_strndup(value, len - (len && value[len - 1] == 's'));
    return pni_parse_u64(digits, &number) && number <= max;
}

/* Values are not shown: one may be a secret that stands behind the wrong name. */
static pn_status check_value(const char *what, const storage_option *option, const char *value,
                             pn_error *err) {
    static const char *const flags[] = {"true", "false"};
    switch (option->kind) {
    case TEXT:
        return PN_OK;
    case FLAG:
        if (is_word(value, flags, 2))
            return PN_OK;
        return pni_fail(err, PNI_E_STORAGE_OPTION, "%s: storage option '%s' is true or false", what,
                        option->name);
    case SECONDS:
    case COUNT:
        if (is_number(value, option->max))
            return PN_OK;
        return pni_fail(err, PNI_E_STORAGE_OPTION,
                        "%s: storage option '%s' is a number from 0 to %u", what, option->name,
                        (unsigned)option->max);
    case ENDPOINT:
        if (pni_starts_with(value, "http://") || pni_starts_with(value, "https://"))
            return PN_OK;
        return pni_fail(err, PNI_E_STORAGE_OPTION,
                        "%s: storage option '%s' starts with https:// or http://", what,
                        option->name);
    case CREDENTIALS:
        if (is_word(value, credentials_words, 4))
            return PN_OK;
        return pni_fail(err, PNI_E_STORAGE_OPTION,
                        "%s: storage option '%s' is static, environment, instance or none", what,
                        option->name);
    }
    return PN_OK;
}

pn_status pni_storage_check(const char *what, const json_t *given, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) checked = json_object();
    const char *key;
    json_t *value;
    pni_secrets_remember(given); /* also of what is refused */
    json_object_foreach((json_t *)(uintptr_t)given, key, value) {
        const storage_option *option = find_option(key);
        const char *text = json_string_value(value);
        if (!option)
            return unknown_option(what, key, err);
        if (!text)
            return pni_fail(err, PNI_E_STORAGE_OPTION, "%s: storage option '%s' is no text", what,
                            option->name);
        if (json_object_get(checked, option->name))
            return pni_fail(err, PNI_E_STORAGE_OPTION, "%s has storage option '%s' twice", what,
                            option->name);
        if (!*text) /* a variable that is empty */
            continue;
        PNI_TRY(check_value(what, option, text, err));
        json_object_set(checked, option->name, value);
    }
    *out = pni_take(checked);
    return PN_OK;
}

/* ---- locations ------------------------------------------------------------------------------ */

bool pni_uri_is_remote(const char *uri) {
    return strstr(uri, "://") && !pni_starts_with(uri, "file://");
}

char *pni_uri_normal(const char *uri) {
    if (!pni_starts_with(uri, "s3a://"))
        return pni_strdup(uri);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_printf(&text, "s3://%s", uri + strlen("s3a://"));
    return pni_buf_steal(&text);
}

static pn_status unknown_store(const char *what, const char *uri, pn_error *err) {
    static const struct {
        const char *scheme, *store;
    } known[] = {{"abfs", "Azure Storage"},      {"abfss", "Azure Storage"},
                 {"adl", "Azure Storage"},       {"az", "Azure Storage"},
                 {"azure", "Azure Storage"},     {"gcs", "Google Cloud Storage"},
                 {"gs", "Google Cloud Storage"}, {"hdfs", "a Hadoop file system"},
                 {"http", "a web server"},       {"https", "a web server"},
                 {"wasb", "Azure Storage"},      {"wasbs", "Azure Storage"}};
    PNI_AUTO_PTR(pni_text) scheme = pni_strndup(uri, (size_t)(strstr(uri, "://") - uri));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (pni_streq(scheme, known[i].scheme))
            return pni_fail(err, PNI_E_DATASET_REMOTE,
                            "%s lies on %s (%s://), which pinion does not reach", what,
                            known[i].store, scheme);
    return pni_fail(err, PNI_E_DATASET_REMOTE, "%s lies on a store that is not known: %s://", what,
                    scheme);
}

/* What looks like a user or a query is a secret in the wrong place more often than a key. */
static pn_status check_location(const char *what, const char *uri, pn_error *err) {
    if (!pni_starts_with(uri, "s3://"))
        return unknown_store(what, uri, err);
    const char *bucket = uri + strlen("s3://");
    size_t len = strcspn(bucket, "/");
    bool good = len > 0 && len < 256;
    for (size_t i = 0; i < len; i++)
        good = good && (isalnum((unsigned char)bucket[i]) || strchr("._-", bucket[i]));
    if (!good || strpbrk(uri, "?#"))
        return pni_fail(err, PNI_E_STORAGE_URI, "%s: '%s' is not s3://bucket/key", what, uri);
    return PN_OK;
}

/* ---- what the engine is given ---------------------------------------------------------------- */

static void put_variable(json_t *out, const char *name, const char *variable) {
    const char *value = variable ? getenv(variable) : NULL;
    if (!value || !*value || json_object_get(out, name))
        return;
    if (!pni_option_is_public(name))
        pni_secret_remember(value);
    json_object_set_new(out, name, json_string(value));
}

static void read_environment(json_t *out) {
    for (size_t i = 0; i < N_OPTIONS; i++) {
        put_variable(out, options[i].name, options[i].variable);
        put_variable(out, options[i].name, options[i].or_variable);
    }
    if (json_object_get(out, "access_key_id"))
        return;
    for (size_t i = 0; i < sizeof identity_variables / sizeof *identity_variables; i++) {
        PNI_AUTO_PTR(pni_text) name = lower(identity_variables[i]);
        put_variable(out, name, identity_variables[i]);
    }
}

static pn_status check_credentials(const char *what, const char *source, json_t *out,
                                   pn_error *err) {
    bool has_key = json_object_get(out, "access_key_id");
    bool has_secret = json_object_get(out, "secret_access_key");
    if (pni_streq(source, "none"))
        json_object_set_new(out, "skip_signature", json_string("true"));
    if (pni_streq(source, "none") || pni_streq(source, "instance")) {
        if (has_key || has_secret)
            return pni_fail(err, PNI_E_STORAGE_OPTION,
                            "%s has keys among its storage options, and credentials: %s", what,
                            source);
        return PN_OK;
    }
    if (has_key && has_secret)
        return PN_OK;
    if (has_key || has_secret)
        return pni_fail(err, PNI_E_STORAGE_MISSING, "%s needs the storage option '%s'", what,
                        has_key ? "secret_access_key" : "access_key_id");
    if (json_object_get(out, "aws_role_arn") ||
        json_object_get(out, "aws_container_credentials_relative_uri") ||
        json_object_get(out, "aws_container_credentials_full_uri"))
        return PN_OK;
    return pni_fail(err, PNI_E_STORAGE_MISSING, "%s names no credentials%s", what,
                    pni_streq(source, "environment") ? ", and the environment holds none" : "");
}

static pn_status check_endpoint(const char *what, json_t *out, pn_error *err) {
    const char *endpoint = pni_json_text(out, "endpoint");
    if (!endpoint && !pni_json_text(out, "region"))
        return pni_fail(err, PNI_E_STORAGE_MISSING, "%s needs the storage option 'region'", what);
    if (!pni_json_text(out, "region"))
        json_object_set_new(out, "region", json_string("us-east-1"));
    bool is_plain = endpoint && pni_starts_with(endpoint, "http://");
    if (is_plain && !pni_streq(pni_json_text(out, "allow_http"), "true"))
        return pni_fail(err, PNI_E_STORAGE_HTTP, "%s: the endpoint '%s' is not encrypted", what,
                        endpoint);
    return PN_OK;
}

/* Seconds as the engine reads them. */
static void put_numbers(json_t *out) {
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const storage_option *option = &options[i];
        const char *given = pni_json_text(out, option->name);
        const char *value = given ? given : option->otherwise;
        if (!value || (option->kind != SECONDS && option->kind != COUNT))
            continue;
        size_t len = strlen(value);
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        pni_buf_append(&text, value, len - (value[len - 1] == 's'));
        pni_buf_puts(&text, option->kind == SECONDS ? "s" : "");
        json_object_set_new(out, option->name, json_string(pni_buf_text(&text)));
    }
}

pn_status pni_storage_resolve(const char *what, const char *uri, const json_t *checked,
                              json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) resolved = json_object();
    if (pni_uri_is_remote(uri)) {
        PNI_TRY(check_location(what, uri, err));
        json_object_update(resolved, (json_t *)(uintptr_t)checked);
        const char *source = pni_json_text(checked, "credentials");
        if (pni_streq(source, "environment"))
            read_environment(resolved);
        PNI_TRY(check_credentials(what, source, resolved, err));
        PNI_TRY(check_endpoint(what, resolved, err));
        json_object_del(resolved, "credentials");
        put_numbers(resolved);
    }
    *out = pni_take(resolved);
    return PN_OK;
}
