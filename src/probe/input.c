/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up columns: values that have broken functions before (empty, long, blanks, letters of 1 to 4
 * bytes, digits, both signs, extremes), the same in each run. */
#include "probe/probe_priv.h"

static const char *const texts[] = {"a",
                                    "",
                                    "  ",
                                    "42",
                                    "true",
                                    "\xc3\xa4\xc3\x9f",
                                    "NODE",
                                    "x\ty",
                                    "a.b.c",
                                    "-1",
                                    "0",
                                    "\xf0\x9f\x90\x8d",
                                    "insert",
                                    "node",
                                    "\x01",
                                    "\xe2\x82\xac",
                                    "abcdefghijklmnopqrstuvwxyz"};
static const int64_t numbers[] = {0, 1, -1, 2, 10, 25, 7, 100, -100, 127, 3, 12345, 64, 5, 1000};

static int append(struct ArrowArray *out, const struct ArrowSchema *type, int64_t row,
                  uint32_t seed);

static int append_list(struct ArrowArray *out, const struct ArrowSchema *type, int64_t row,
                       uint32_t seed) {
    for (int64_t i = 0; i < row % 4; i++)
        NANOARROW_RETURN_NOT_OK(
            append(out->children[0], type->children[0], row + i, seed + (uint32_t)i));
    return ArrowArrayFinishElement(out);
}

static int append_struct(struct ArrowArray *out, const struct ArrowSchema *type, int64_t row,
                         uint32_t seed) {
    for (int64_t i = 0; i < type->n_children; i++)
        NANOARROW_RETURN_NOT_OK(
            append(out->children[i], type->children[i], row, seed + (uint32_t)i));
    return ArrowArrayFinishElement(out);
}

static int append(struct ArrowArray *out, const struct ArrowSchema *type, int64_t row,
                  uint32_t seed) {
    struct ArrowSchemaView view;
    size_t at = (size_t)row + seed;
    NANOARROW_RETURN_NOT_OK(ArrowSchemaViewInit(&view, type, NULL));
    if (view.type == NANOARROW_TYPE_STRUCT)
        return append_struct(out, type, row, seed);
    if (type->n_children == 1)
        return append_list(out, type, row, seed);
    if (view.type == NANOARROW_TYPE_STRING || view.type == NANOARROW_TYPE_LARGE_STRING ||
        view.type == NANOARROW_TYPE_STRING_VIEW)
        return ArrowArrayAppendString(out,
                                      ArrowCharView(texts[at % (sizeof texts / sizeof *texts)]));
    if (view.type == NANOARROW_TYPE_BOOL)
        return ArrowArrayAppendInt(out, at % 3 == 0);
    if (view.type == NANOARROW_TYPE_FLOAT || view.type == NANOARROW_TYPE_DOUBLE)
        return ArrowArrayAppendDouble(out,
                                      (double)numbers[at % (sizeof numbers / sizeof *numbers)] / 2);
    if (view.storage_type >= NANOARROW_TYPE_UINT8 && view.storage_type <= NANOARROW_TYPE_INT64)
        return ArrowArrayAppendInt(out, view.storage_type % 2 == NANOARROW_TYPE_INT8 % 2
                                            ? numbers[at % (sizeof numbers / sizeof *numbers)] % 128
                                            : (int64_t)(at % 100));
    return ArrowArrayAppendEmpty(out, 1); /* decimals, intervals, binary: zero or nothing */
}

static bool is_null(probe_fill fill, int64_t row) {
    return fill == PROBE_NULLS || (fill == PROBE_MIXED && row % 5 == 2);
}

bool pni_probe_column(const struct ArrowSchema *type, int64_t rows, probe_fill fill, uint32_t seed,
                      struct ArrowArray *out) {
    PNI_AUTO_ARRAY made = {0};
    if (ArrowArrayInitFromSchema(&made, type, NULL) != NANOARROW_OK ||
        ArrowArrayStartAppending(&made) != NANOARROW_OK)
        return false;
    for (int64_t row = 0; row < rows; row++) {
        int code =
            is_null(fill, row) ? ArrowArrayAppendNull(&made, 1) : append(&made, type, row, seed);
        if (code != NANOARROW_OK)
            return false;
    }
    if (ArrowArrayFinishBuildingDefault(&made, NULL) != NANOARROW_OK)
        return false;
    ArrowArrayMove(&made, out);
    return true;
}
