#include "t.h"
#include "udf_call.h"

#define TYPES "['update_postimage', ' INSERT ', 'delete', 'update_preimage', 'other', '', null]"

T_CASE(ranks) {
    UDF_EXPECT("cdf_change_rank", "[3, 2, 1, 0, -1, -1, null]", {"u", TYPES});
}

T_CASE(upserts_and_deletes) {
    UDF_EXPECT("cdf_is_upsert", "[true, true, false, false, false, false, null]", {"u", TYPES});
    UDF_EXPECT("cdf_is_delete", "[false, false, true, false, false, false, null]", {"U", TYPES});
}
