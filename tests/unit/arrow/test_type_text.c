/* SPDX-License-Identifier: Apache-2.0 */
#include "all_types.h"
#include "fixtures.h"

T_CASE(every_type_is_read_back_from_its_text) {
    for (size_t i = 0; i < sizeof all_types / sizeof all_types[0]; i++) {
        pn_error err = PN_ERROR_INIT;
        PNI_AUTO_SCHEMA field = {0};
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        T_OK(pni_arrow_type_parse(all_types[i], &field, &err), &err);
        T_OK(pni_arrow_type_text(&field, &text, &err), &err);
        T_EQ_STR(pni_buf_text(&text), all_types[i]);
    }
}

T_CASE(text_is_appended_on_success_only) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA field = {0};
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_puts(&text, "type: ");
    ArrowSchemaInit(&field);
    T_ASSERT(ArrowSchemaSetFormat(&field, "q") == NANOARROW_OK);
    T_ASSERT(ArrowSchemaSetName(&field, "odd") == NANOARROW_OK);
    T_STATUS(pni_arrow_type_text(&field, &text, &err), PN_CORRUPT, &err);
    T_EQ_INT(err.number, PNI_E_ARROW_SCHEMA);
    T_ASSERT(strstr(err.message, "'odd'") && err.detail[0]);
    T_EQ_STR(pni_buf_text(&text), "type: ");
}

T_CASE(released_schemas_are_refused) {
    pn_error err = PN_ERROR_INIT;
    struct ArrowSchema field = {0};
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    T_STATUS(pni_arrow_type_text(&field, &text, &err), PN_CORRUPT, &err);
}

T_CASE(a_list_without_child_is_refused) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA field = {0};
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    ArrowSchemaInit(&field);
    T_ASSERT(ArrowSchemaSetFormat(&field, "+l") == NANOARROW_OK);
    T_STATUS(pni_arrow_type_text(&field, &text, &err), PN_CORRUPT, &err);
}
