/*
 * What the snapshot of functions costs, for bench/snapshot.py: of the functions of one pack alone,
 * since a session always has the built-in ones as well. Processor time, the least of the runs.
 */
#include "snapshotting.h"

#include "udf/udf_priv.h"

#include <time.h>

static const pn_host host = {.struct_size = sizeof(pn_host),
                             .abi_major = PN_PLUGIN_ABI_MAJOR,
                             .abi_minor = PN_PLUGIN_ABI_MINOR,
                             .alloc = pni_alloc,
                             .free = pni_free};

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static pn_status catalog_of(const char *path, pni_udf_catalog **out, pn_error *err) {
    char digest[PNI_SHA256_HEX];
    const pn_plugin *plugin = NULL;
    PNI_TRY(pni_sha256_file(path, digest, /* size_out= */ NULL, err));
    PNI_TRY(pni_udf_open_pack(path, &host, &plugin, err));
    *out = pni_calloc(1, sizeof **out);
    (*out)->names = pni_map_new();
    pni_udf_catalog_put(*out, plugin, digest);
    return PN_OK;
}

static pn_status once(const pni_udf_catalog *catalog, double *took, size_t *count, pn_error *err) {
    char hash[PNI_SHA256_HEX];
    PNI_AUTO_PTR(json_t) policy = json_object();
    double start = now_ms();
    PNI_AUTO_PTR(json_t) specs = pni_udf_specs(catalog);
    PNI_AUTO_PTR(json_t) snapshot = pni_udf_snapshot(specs, policy);
    PNI_TRY(pni_json_digest(snapshot, hash, err));
    *took = now_ms() - start;
    *count = json_array_size(specs);
    return PN_OK;
}

json_t *snapshotting(const char *path, json_int_t runs) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = NULL;
    pn_error err = PN_ERROR_INIT;
    double least = 0;
    size_t count = 0;
    pn_status status = catalog_of(path, &catalog, &err);
    for (json_int_t run = 0; status == PN_OK && run < runs; run++) {
        double took = 0;
        status = once(catalog, &took, &count, &err);
        least = run && least < took ? least : took;
    }
    if (status != PN_OK)
        return outcome_failed("failed", &err);
    json_t *made = outcome("done", NULL);
    json_object_set_new(made, "functions", json_integer((json_int_t)count));
    json_object_set_new(made, "ms", json_real(least));
    return made;
}
