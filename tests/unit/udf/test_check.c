/* Every field of a stranger's table that can be wrong, one at a time. */
#include "base/base.h"
#include "t.h"
#include "udf/udf.h"

static int32_t invoke(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                      size_t cap) {
    (void)ctx, (void)call, (void)out, (void)message, (void)cap;
    return 1;
}

static const char *const formats[] = {"s", "*", NULL};

typedef struct pack {
    pn_udf udfs[2];
    pn_plugin plugin;
} pack;

static void init(pack *p) {
    pn_udf udf = {
        .struct_size = sizeof(pn_udf),
        .signature = PN_SIGNATURE_EXACT,
        .volatility = PN_VOLATILITY_STABLE,
        .min_args = 1,
        .max_args = 2,
        .n_arg_formats = 2,
        .name = "first",
        .arg_formats = formats,
        .return_format = "u",
        .invoke = invoke,
        .body_version = "1",
    };
    p->udfs[0] = udf;
    p->udfs[1] = udf;
    p->udfs[1].name = "second";
    p->plugin = (pn_plugin){
        .struct_size = sizeof(pn_plugin),
        .abi_major = PN_PLUGIN_ABI_MAJOR,
        .abi_minor_min = PN_PLUGIN_ABI_MINOR,
        .udf_stride = sizeof(pn_udf),
        .name = "test",
        .version = "1",
        .n_udfs = 2,
        .udfs = p->udfs,
    };
}

static void refused(const pack *p, int32_t number, const char *part) {
    pn_error err = PN_ERROR_INIT;
    const pn_plugin *ours = NULL;
    T_ASSERT(pni_udf_adopt(&p->plugin, "p.so", &ours, &err) != PN_OK);
    T_EQ_INT(err.number, number);
    if (!strstr(err.message, part)) {
        T_FAIL("the message is '%s', want '%s' in it", err.message, part);
    }
}

#define REFUSED(change, number, part)                                                              \
    do {                                                                                           \
        pack p;                                                                                    \
        init(&p);                                                                                  \
        change;                                                                                    \
        refused(&p, number, part);                                                                 \
    } while (0)

T_CASE(a_right_table_passes) {
    pack p;
    init(&p);
    pn_error err = PN_ERROR_INIT;
    const pn_plugin *ours = NULL;
    T_OK(pni_udf_adopt(&p.plugin, "p.so", &ours, &err), &err);
    T_OK(pni_udf_adopt(pni_udf_builtin(), "built-in", &ours, &err), &err);
}

T_CASE(a_newer_table_with_larger_structs_passes) {
    struct {
        pn_udf udf;
        uint64_t more;
    } udfs[2];
    pack p;
    init(&p);
    memset(udfs, 0xff, sizeof udfs);
    for (int i = 0; i < 2; i++) {
        udfs[i].udf = p.udfs[i];
        udfs[i].udf.struct_size = sizeof udfs[i];
    }
    p.plugin.udfs = &udfs[0].udf;
    p.plugin.udf_stride = sizeof udfs[0];
    p.plugin.struct_size += 16;
    pn_error err = PN_ERROR_INIT;
    const pn_plugin *ours = NULL;
    T_OK(pni_udf_adopt(&p.plugin, "p.so", &ours, &err), &err);
    T_EQ_STR(pni_udf_at(ours, 1)->name, "second");
    T_EQ_INT(pni_udf_at(ours, 1)->struct_size, sizeof(pn_udf));
}

T_CASE(a_pack_made_for_1_0_passes_and_has_none_of_the_rest) {
    enum { UDF_1_0 = 112, PLUGIN_1_0 = 56 }; /* bytes of the structs of plugin ABI 1.0 */
    pack p;
    init(&p);
    char rows[2][UDF_1_0];
    for (int i = 0; i < 2; i++) {
        p.udfs[i].struct_size = UDF_1_0;
        memcpy(rows[i], &p.udfs[i], UDF_1_0);
    }
    memset(&p.plugin.aggregate_stride, 0xff, sizeof p.plugin - PLUGIN_1_0);
    p.plugin.struct_size = PLUGIN_1_0;
    p.plugin.abi_minor_min = 0;
    p.plugin.udfs = (const pn_udf *)(const void *)rows;
    p.plugin.udf_stride = UDF_1_0;
    pn_error err = PN_ERROR_INIT;
    const pn_plugin *ours = NULL;
    T_OK(pni_udf_adopt(&p.plugin, "p.so", &ours, &err), &err);
    T_EQ_STR(pni_udf_at(ours, 1)->name, "second");
    T_ASSERT(pni_udf_at(ours, 1)->arg_defaults == NULL);
    T_EQ_INT(ours->n_aggregates, 0);
}

T_CASE(versions_are_refused_with_both_numbers) {
    REFUSED(p.plugin.abi_major = 9, PNI_E_UDF_ABI, "needs plugin ABI 9.1, this pinion offers 1.1");
    REFUSED(p.plugin.abi_minor_min = 4, PNI_E_UDF_ABI, "ABI 1.4, this pinion offers 1.1");
}

T_CASE(sizes_are_refused_with_both_numbers) {
    REFUSED(p.plugin.struct_size = 16, PNI_E_UDF_TABLE, "pn_plugin is 16 bytes");
    REFUSED(p.plugin.struct_size = 4, PNI_E_UDF_TABLE, "pn_plugin is 4 bytes");
    REFUSED(p.plugin.udf_stride = 8, PNI_E_UDF_TABLE, "the stride of pn_udf is 8 bytes");
    REFUSED(p.plugin.udf_stride += 4, PNI_E_UDF_TABLE, "multiple of 8");
    REFUSED(p.udfs[1].struct_size = 8, PNI_E_UDF_TABLE, "pn_udf 2: it is 8 bytes");
    REFUSED(p.udfs[1].struct_size += 8, PNI_E_UDF_TABLE, "pn_udf 2: its 'struct_size' is larger");
}

T_CASE(pack_fields) {
    REFUSED(p.plugin.name = NULL, PNI_E_UDF_TABLE, "'name' or 'version'");
    REFUSED(p.plugin.n_udfs = 0, PNI_E_UDF_TABLE, "no function");
    REFUSED(p.plugin.udfs = NULL, PNI_E_UDF_TABLE, "1 to 10000");
    REFUSED(p.plugin.n_udfs = 1u << 30, PNI_E_UDF_TABLE, "1 to 10000");
}

T_CASE(function_names) {
    static const char *const aliases[] = {"ok", "first", NULL};
    REFUSED(p.udfs[0].name = NULL, PNI_E_UDF_TABLE, "function 1: the field 'name'");
    REFUSED(p.udfs[0].name = "Upper", PNI_E_UDF_TABLE, "lower-case");
    REFUSED(p.udfs[0].name = "1st", PNI_E_UDF_TABLE, "lower-case");
    REFUSED(p.udfs[1].name = "first", PNI_E_UDF_DUPLICATE, "'first' twice");
    REFUSED(p.udfs[1].aliases = aliases, PNI_E_UDF_DUPLICATE, "'first' twice");
}

T_CASE(texts_are_utf8_and_bounded) {
    static const char *const described[] = {"fine", "\xc3"};
    static const char *endless[128];
    static char longer[65538];
    for (size_t i = 0; i < 128; i++)
        endless[i] = "again";
    memset(longer, 'x', sizeof longer - 1);
    pn_doc doc = {.struct_size = sizeof(pn_doc)};
    REFUSED(p.plugin.version = "1\xff", PNI_E_UDF_TABLE, "the text 'version' is no UTF-8");
    REFUSED(p.plugin.name = "te\xc0\x80st", PNI_E_UDF_TABLE, "the text 'name'");
    REFUSED(p.udfs[1].description = "\xed\xa0\x80", PNI_E_UDF_TABLE, "the text 'description'");
    REFUSED(p.udfs[1].description = longer, PNI_E_UDF_TABLE, "at most 65536 bytes");
    REFUSED(p.udfs[1].rewrite_tags = "a,\xfe", PNI_E_UDF_TABLE, "'rewrite_tags'");
    REFUSED(p.udfs[1].body_version = "\xff", PNI_E_UDF_TABLE, "'body_version'");
    REFUSED((doc.section = "\xff", p.udfs[1].doc = &doc), PNI_E_UDF_TABLE, "'section'");
    doc.section = NULL;
    REFUSED((doc.sql_example = "\xff", p.udfs[1].doc = &doc), PNI_E_UDF_TABLE, "'sql_example'");
    doc.sql_example = NULL;
    REFUSED((doc.arg_descriptions = described, p.udfs[1].doc = &doc), PNI_E_UDF_TABLE,
            "'arg_descriptions'");
    doc.arg_descriptions = NULL;
    REFUSED((doc.related = endless, p.udfs[1].doc = &doc), PNI_E_UDF_TABLE, "within 100 names");
}

T_CASE(arity) {
    REFUSED(p.udfs[0].signature = 5, PNI_E_UDF_TABLE, "'signature'");
    REFUSED(p.udfs[0].min_args = 3, PNI_E_UDF_TABLE, "'min_args'");
    REFUSED(p.udfs[0].max_args = 3, PNI_E_UDF_TABLE, "contradict");
    REFUSED(p.udfs[0].max_args = 5000, PNI_E_UDF_TABLE, "255");
    REFUSED((p.udfs[0].signature = PN_SIGNATURE_VARIADIC, p.udfs[0].n_arg_formats = 0),
            PNI_E_UDF_TABLE, "contradict");
}

T_CASE(formats_and_result) {
    static const char *const bad[] = {"s", "no such", NULL};
    static const char *const nested[] = {"s", "+w:3", NULL};
    static const char *const names[] = {"a", "B", NULL};
    REFUSED(p.udfs[0].arg_formats = NULL, PNI_E_UDF_TABLE, "'arg_formats' is NULL");
    REFUSED(p.udfs[0].arg_formats = bad, PNI_E_UDF_TABLE, "argument 2 has the unknown format");
    REFUSED(p.udfs[0].arg_formats = nested, PNI_E_UDF_TABLE, "unknown format '+w:3'");
    REFUSED(p.udfs[0].arg_names = names, PNI_E_UDF_TABLE, "name of argument 2");
    REFUSED(p.udfs[0].return_format = NULL, PNI_E_UDF_TABLE, "both NULL");
    REFUSED(p.udfs[0].return_format = "+s", PNI_E_UDF_TABLE, "no flat Arrow type");
    REFUSED(p.udfs[0].invoke = NULL, PNI_E_UDF_TABLE, "'invoke' is NULL");
    REFUSED(p.udfs[0].body_version = "", PNI_E_UDF_TABLE, "'body_version'");
    REFUSED(p.udfs[0].volatility = 3, PNI_E_UDF_TABLE, "'volatility'");
}
