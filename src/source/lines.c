/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines as Python splits source: \n, \r\n and \r end one, nothing else does (a form feed stays
 * inside). A last line without an end counts, an empty rest does not. The first line starts behind
 * a byte order mark, so start_byte plus a column is always an offset in the file.
 */
#include "source/source.h"

bool pni_line_next(pn_bytes content, size_t *at, pni_line *out) {
    if (*at == 0 && content.len >= 3 && memcmp(content.data, "\xEF\xBB\xBF", 3) == 0) {
        *at = 3;
    }
    if (*at >= content.len) {
        return false;
    }
    size_t end = *at;
    while (end < content.len && content.data[end] != '\n' && content.data[end] != '\r') {
        end++;
    }
    out->start_byte = (int64_t)*at;
    out->text_end = (int64_t)end;
    out->newline_kind = "none";
    if (end < content.len) {
        const bool pair =
            content.data[end] == '\r' && end + 1 < content.len && content.data[end + 1] == '\n';
        out->newline_kind = pair ? "crlf" : content.data[end] == '\r' ? "cr" : "lf";
        end += pair ? 2 : 1;
    }
    out->end_byte = (int64_t)end;
    *at = end;
    return true;
}
