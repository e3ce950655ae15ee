/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials in texts, by form and by value; and that messages and log lines pass through. */
#include "t.h"

#include "base/base.h"

static void expect(const char *text, const char *want) {
    PNI_AUTO(pn_buf) out = PN_BUF_INIT;
    pni_redact(text, strlen(text), &out);
    T_EQ_STR(pni_buf_text(&out), want);
}

T_CASE(plain_text_stays) {
    expect("", "");
    expect("no view 'x'", "no view 'x'");
    expect("/data/a@b?c=d", "/data/a@b?c=d");
    expect("key=value & 50% of ://", "key=value & 50% of ://");
}

T_CASE(a_uri_loses_its_user_part) {
    expect("s3://key:secret@bucket/p", "s3://***@bucket/p");
    expect("at 's3://key@bucket/p', twice s3://k:s@b", "at 's3://***@bucket/p', twice s3://***@b");
    expect("s3://bucket/a@b.parquet", "s3://bucket/a@b.parquet");
    expect("http://host:8080/a@b", "http://host:8080/a@b");
    expect("s3://key:pass/word@bucket/p", "s3://***@bucket/p"); /* a '/' that should be %2F */
    expect("file:///data/x", "file:///data/x");
}

T_CASE(a_query_keeps_what_is_public) {
    expect("az://c/p?sv=2024&sig=abc%2F=&se=x", "az://c/p?sv=***&sig=***&se=***");
    expect("s3://b/p?region=eu-west-1&X-Amz-Signature=abc",
           "s3://b/p?region=eu-west-1&X-Amz-Signature=***");
    expect("s3://b?Region=eu&token", "s3://b?Region=eu&***");
    expect("s3://b?regions=x", "s3://b?regions=***");
    expect("s3://b/p#frag?region=x", "s3://b/p#***");
    expect("(see s3://b/p?sig=a) then", "(see s3://b/p?sig=***) then");
}

/* A cut in the middle of a message may have taken the '?' away. */
T_CASE(what_follows_a_cut_in_a_uri_goes) {
    expect("'az://c/long \xE2\x80\xA6 D&sig=abc': no", "'az://c/long \xE2\x80\xA6 ***': no");
    expect("'az://c/p?sig=ab \xE2\x80\xA6 yz': no", "'az://c/p?sig=***': no");
}

T_CASE(public_options_are_a_list) {
    T_ASSERT(pni_option_is_public("aws_region"));
    T_ASSERT(pni_option_is_public("AWS_REGION"));
    T_ASSERT(!pni_option_is_public("aws_secret_access_key"));
    T_ASSERT(!pni_option_is_public("aws_regions"));
    T_ASSERT(!pni_option_is_public(""));
}

T_CASE(texts_of_an_object_are_cleaned) {
    PNI_AUTO_PTR(json_t) given = json_pack("{s:s, s:i, s:n}", "a", "s3://k:secret@b", "b", 1, "c");
    PNI_AUTO_PTR(json_t) clean = pni_json_redacted_object(given);
    PNI_AUTO_PTR(json_t) want = json_pack("{s:s, s:i, s:n}", "a", "s3://***@b", "b", 1, "c");
    T_ASSERT(json_equal(clean, want));
}

T_CASE(remembered_values_go_wherever_they_stand) {
    PNI_AUTO_PTR(json_t)
    options = json_pack("{s:s, s:s, s:s}", "aws_region", "eu-central-7", "secret", "s3cr3t/value",
                        "flag", "true");
    pni_secrets_remember(options);
    pni_secrets_remember(options); /* once is enough */
    pni_secret_remember(NULL);
    expect("was s3cr3t/value and s3cr3t/values3cr3t/value", "was *** and ******");
    expect("eu-central-7 is true", "eu-central-7 is true");
    expect("s3://b/s3cr3t/value/x", "s3://b/***/x");
    expect("wrong s3cr3t \xE2\x80\xA6 value tail", "wrong *** \xE2\x80\xA6 *** tail");
}

static void keep(void *ctx, const char *message, size_t len) {
    pni_buf_append(ctx, message, len);
}

T_CASE(errors_and_log_lines_pass_through) {
    PNI_AUTO(pn_buf) seen = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    const char *uri = "s3://key:longsecret@b/p?sig=abc";
    (void)pni_fail(&err, PNI_E_FILE_READ, "reading '%s'", uri);
    pni_error_detail(&err, "It was %s", uri);
    pni_error_context(&err, "dataset '%s'", uri);
    T_EQ_STR(err.message, "dataset 's3://***@b/p?sig=***': reading 's3://***@b/p?sig=***'");
    T_EQ_STR(err.detail, "It was s3://***@b/p?sig=***");
    pn_log_set(keep, &seen);
    pni_logf("open %s", uri);
    pn_log_set(NULL, NULL);
    T_EQ_STR(pni_buf_text(&seen), "open s3://***@b/p?sig=***");
    snprintf(err.message, sizeof err.message, "engine: %s", uri);
    pni_error_redact(&err);
    T_EQ_STR(err.message, "engine: s3://***@b/p?sig=***");
}
