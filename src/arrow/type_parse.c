/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Declared types, read by recursive descent. Keywords are read without regard to case and
 * underscores, so the texts of type_text.c and the spellings people type ("large_list<utf8>",
 * "timestamp(us, UTC)") are one grammar:
 *
 *   type   = word | word "(" arguments ")" | word "<" member {"," member} ["," (size | "sorted" |
 * "ordered")] ">" member = [type-id] [name ":"] type ["not null"]         name = word | '"' text
 * with "" for a quote '"'
 */
#include "arrow/arrow_priv.h"

#include <stdio.h>

#define WORD_MAX 64
#define MEMBERS_MAX 10000

typedef struct parser {
    const char *text;
    const char *at;
    int depth;
    pn_error *err;
} parser;

static const char *const aliases[][2] = {
    {"bool", "b"},         {"byte", "c"},    {"tinyint", "c"},    {"smallint", "s"},
    {"int", "i"},          {"integer", "i"}, {"bigint", "l"},     {"long", "l"},
    {"half", "e"},         {"float", "f"},   {"real", "f"},       {"double", "g"},
    {"string", "u"},       {"text", "u"},    {"varchar", "u"},    {"largestring", "U"},
    {"stringview", "vu"},  {"bytes", "z"},   {"blob", "z"},       {"date", "tdD"},
    {"timestamp", "tsu:"}, {"time", "ttu"},  {"duration", "tDu"}, {"interval", "tin"},
};

static pn_status parse_type(parser *p, struct ArrowSchema *out);

static pn_status refuse(const parser *p, const char *expected) {
    char name[72];
    pn_status status = pni_fail(p->err, PNI_E_ARROW_TYPE, "type '%s' does not parse",
                                pni_name_short(p->text, name));
    pni_error_detail(p->err, "At character %zu: expected %s.", (size_t)(p->at - p->text) + 1,
                     expected);
    return status;
}

static void skip_space(parser *p) {
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r') {
        p->at++;
    }
}

static bool accept(parser *p, char c) {
    skip_space(p);
    if (*p->at != c) {
        return false;
    }
    p->at++;
    return true;
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* Reads a keyword in lower case without underscores; false (and nothing read) when there is none.
 */
static bool read_word(parser *p, char word[WORD_MAX]) {
    skip_space(p);
    size_t len = 0;
    const char *s = p->at;
    for (; is_word(*s); s++) {
        if (*s != '_' && len + 1 < WORD_MAX) {
            word[len++] = (char)(*s >= 'A' && *s <= 'Z' ? *s + 32 : *s);
        }
    }
    word[len] = '\0';
    if (len == 0) {
        return false;
    }
    p->at = s;
    return true;
}

static bool accept_word(parser *p, const char *wanted) {
    char word[WORD_MAX];
    const char *before = p->at;
    if (read_word(p, word) && strcmp(word, wanted) == 0) {
        return true;
    }
    p->at = before;
    return false;
}

static bool read_number(parser *p, long *out) {
    skip_space(p);
    bool negative = *p->at == '-';
    const char *s = p->at + negative;
    long value = 0;
    int digits = 0;
    for (; *s >= '0' && *s <= '9' && digits < 9; s++, digits++) {
        value = value * 10 + (*s - '0');
    }
    if (digits == 0 || is_word(*s)) {
        return false;
    }
    p->at = s;
    *out = negative ? -value : value;
    return true;
}

/* Reads `name ":"` when it stands here; leaves the parser alone when not. */
static bool read_name(parser *p, pn_buf *name) {
    skip_space(p);
    const char *before = p->at;
    if (*p->at == '"') {
        for (p->at++; *p->at; p->at++) {
            if (*p->at == '"' && *++p->at != '"') {
                break;
            }
            pni_buf_putc(name, *p->at);
        }
    } else {
        for (; is_word(*p->at) || *p->at == '.' || *p->at == '-'; p->at++) {
            pni_buf_putc(name, *p->at);
        }
    }
    if (p->at != before && accept(p, ':')) {
        return true;
    }
    p->at = before;
    pni_buf_clear(name);
    return false;
}

static void start(struct ArrowSchema *out, const char *format, const char *name) {
    ArrowSchemaInit(out);
    arrow_must(ArrowSchemaSetFormat(out, format));
    arrow_must(ArrowSchemaSetName(out, name));
}

/* `default_name` NULL = the member must be named. */
static pn_status parse_member(parser *p, const char *default_name, struct ArrowSchema *out) {
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    bool named = read_name(p, &name);
    if (!named && !default_name) {
        return refuse(p, "a name and ':' before the type of the member");
    }
    PNI_TRY(parse_type(p, out));
    arrow_must(ArrowSchemaSetName(out, named ? pni_buf_text(&name) : default_name));
    if (accept_word(p, "not")) {
        if (!accept_word(p, "null")) {
            return refuse(p, "'null' after 'not'");
        }
        out->flags &= ~ARROW_FLAG_NULLABLE;
    }
    return PN_OK;
}

typedef struct members {
    PNI_VEC(struct ArrowSchema) list;
    pn_buf ids; /* union type ids */
    bool flag;  /* "sorted" or "ordered" */
    long size;  /* of a fixed-size list, else -1 */
} members;

static void members_dispose(members *m) {
    for (size_t i = 0; i < m->list.count; i++) {
        if (m->list.items[i].release) {
            m->list.items[i].release(&m->list.items[i]);
        }
    }
    pni_vec_dispose(&m->list);
    pn_buf_dispose(&m->ids);
}

static pn_status parse_one(parser *p, const char *word, members *m) {
    static const char *const map_names[] = {"key", "value"};
    static const char *const run_names[] = {"run_ends", "values"};
    size_t at = m->list.count;
    long number;
    if (at > 0 && (accept_word(p, "sorted") || accept_word(p, "ordered"))) {
        m->flag = true;
        return PN_OK;
    }
    if (read_number(p, &number)) {
        if (pni_ends_with(word, "union")) {
            pni_buf_printf(&m->ids, at ? ",%ld" : "%ld", number);
        } else {
            m->size = number;
            return PN_OK;
        }
    } else if (pni_ends_with(word, "union")) {
        pni_buf_printf(&m->ids, at ? ",%zu" : "%zu", at);
    }
    const char *name = "item";
    if (at < 2 && strcmp(word, "map") == 0) {
        name = map_names[at];
    } else if (at < 2 && strcmp(word, "runendencoded") == 0) {
        name = run_names[at];
    } else if (strcmp(word, "struct") == 0 || pni_ends_with(word, "union")) {
        name = NULL;
    }
    struct ArrowSchema member = {0};
    pn_status status = parse_member(p, name, &member);
    pni_vec_push(&m->list, member);
    return status;
}

static pn_status parse_members(parser *p, const char *word, members *m) {
    m->size = -1;
    if (accept(p, '>')) {
        return PN_OK;
    }
    do {
        if (m->list.count >= MEMBERS_MAX) {
            return refuse(p, "at most 10000 members");
        }
        PNI_TRY(parse_one(p, word, m));
    } while (accept(p, ','));
    return accept(p, '>') ? PN_OK : refuse(p, "',' or '>'");
}

/* Moves the parsed members below `out`. */
static void adopt(struct ArrowSchema *out, members *m) {
    arrow_must(ArrowSchemaAllocateChildren(out, (int64_t)m->list.count));
    for (size_t i = 0; i < m->list.count; i++) {
        ArrowSchemaMove(&m->list.items[i], out->children[i]);
    }
}

static pn_status make_map(parser *p, members *m, struct ArrowSchema *out) {
    start(out, "+m", "");
    out->flags |= m->flag ? ARROW_FLAG_MAP_KEYS_SORTED : 0;
    if (m->list.count == 1 && strcmp(m->list.items[0].format, "+s") == 0) {
        adopt(out, m);
        return PN_OK;
    }
    if (m->list.count != 2) {
        return refuse(p, "a key type and a value type in the map before");
    }
    arrow_must(ArrowSchemaAllocateChildren(out, 1));
    start(out->children[0], "+s", "entries");
    out->children[0]->flags &= ~ARROW_FLAG_NULLABLE;
    m->list.items[0].flags &= ~ARROW_FLAG_NULLABLE;
    adopt(out->children[0], m);
    return PN_OK;
}

static pn_status make_dictionary(parser *p, members *m, struct ArrowSchema *out) {
    if (m->list.count != 2 || !strchr("cCsSiIlL", m->list.items[0].format[0])) {
        return refuse(p, "an integer type and a value type in the dictionary before");
    }
    start(out, m->list.items[0].format, "");
    out->flags |= m->flag ? ARROW_FLAG_DICTIONARY_ORDERED : 0;
    arrow_must(ArrowSchemaAllocateDictionary(out));
    arrow_must(ArrowSchemaSetName(&m->list.items[1], ""));
    ArrowSchemaMove(&m->list.items[1], out->dictionary);
    return PN_OK;
}

static pn_status make_nested(parser *p, const char *word, members *m, struct ArrowSchema *out) {
    static const struct {
        const char *word;
        const char *format;
        size_t count; /* of members; 0 = any */
    } kinds[] = {
        {"list", "+l", 1},           {"largelist", "+L", 1},     {"listview", "+vl", 1},
        {"largelistview", "+vL", 1}, {"struct", "+s", 0},        {"denseunion", "+ud:", 0},
        {"union", "+ud:", 0},        {"sparseunion", "+us:", 0}, {"runendencoded", "+r", 2},
        {"fixedsizelist", "+w:", 1},
    };
    if (strcmp(word, "map") == 0) {
        return make_map(p, m, out);
    }
    if (strcmp(word, "dictionary") == 0) {
        return make_dictionary(p, m, out);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(word, kinds[i].word) != 0) {
            continue;
        }
        bool sized = strcmp(kinds[i].format, "+w:") == 0;
        if (kinds[i].count && m->list.count != kinds[i].count) {
            return refuse(p, "another number of members in the type before");
        }
        if (sized != (m->size >= 0)) {
            return refuse(p, sized ? "a size in the fixed_size_list before"
                                   : "no size in the type before");
        }
        PNI_AUTO(pn_buf) format = PN_BUF_INIT;
        pni_buf_puts(&format, kinds[i].format);
        pni_buf_puts(&format, pni_buf_text(&m->ids));
        if (sized) {
            pni_buf_printf(&format, "%ld", m->size);
        }
        start(out, pni_buf_text(&format), "");
        adopt(out, m);
        return PN_OK;
    }
    return refuse(p, "list, struct, map, union, dictionary or another nested type before '<'");
}

static pn_status parse_nested(parser *p, const char *word, struct ArrowSchema *out) {
    if (p->depth >= ARROW_MAX_DEPTH) {
        return pni_arrow_too_deep(p->err);
    }
    members m = {0};
    p->depth++;
    pn_status status = parse_members(p, word, &m);
    p->depth--;
    if (status == PN_OK) {
        status = make_nested(p, word, &m, out);
    }
    members_dispose(&m);
    if (status != PN_OK && out->release) {
        out->release(out);
    }
    return status;
}

static pn_status parse_decimal(parser *p, const char *word, struct ArrowSchema *out) {
    static const long most_digits[] = {9, 18, 38, 76};
    static const char *const names[] = {"decimal32", "decimal64", "decimal128", "decimal256"};
    static const int widths[] = {32, 64, 128, 256};
    long precision;
    long scale = 0;
    if (!read_number(p, &precision) || (accept(p, ',') && !read_number(p, &scale)) ||
        !accept(p, ')')) {
        return refuse(p, "decimal(precision, scale)");
    }
    size_t kind = precision <= most_digits[2] ? 2 : 3;
    for (size_t i = 0; i < 4; i++) {
        kind = strcmp(word, names[i]) == 0 ? i : kind;
    }
    if (precision < 1 || precision > most_digits[kind] || scale > precision || scale < -128) {
        return refuse(p, "a precision that fits the width, and a scale not above it");
    }
    char format[64];
    snprintf(format, sizeof format, widths[kind] == 128 ? "d:%ld,%ld" : "d:%ld,%ld,%d", precision,
             scale, widths[kind]);
    start(out, format, "");
    return PN_OK;
}

static const char *unit_of(const char *word) {
    static const char *const units[][2] = {
        {"s", "s"},         {"second", "s"},      {"ms", "m"}, {"millisecond", "m"}, {"us", "u"},
        {"\xC2\xB5s", "u"}, {"microsecond", "u"}, {"ns", "n"}, {"nanosecond", "n"},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i][0], word) == 0) {
            return units[i][1];
        }
    }
    return NULL;
}

static pn_status parse_timestamp(parser *p, struct ArrowSchema *out) {
    char word[WORD_MAX];
    const char *unit = read_word(p, word) ? unit_of(word) : NULL;
    if (!unit) {
        return refuse(p, "a unit: s, ms, us or ns");
    }
    PNI_AUTO(pn_buf) format = PN_BUF_INIT;
    pni_buf_printf(&format, "ts%s:", unit);
    if (accept(p, ',')) {
        bool quoted = accept(p, '"');
        skip_space(p);
        size_t len = strcspn(p->at, "\")<>,");
        while (len > 0 && p->at[len - 1] == ' ') {
            len--;
        }
        if (len == 0) {
            return refuse(p, "a time zone such as UTC or +02:00");
        }
        pni_buf_append(&format, p->at, len);
        p->at += len;
        if (quoted && !accept(p, '"')) {
            return refuse(p, "a closing '\"'");
        }
    }
    if (!accept(p, ')')) {
        return refuse(p, "')'");
    }
    start(out, pni_buf_text(&format), "");
    return PN_OK;
}

static pn_status parse_arguments(parser *p, const char *word, struct ArrowSchema *out) {
    if (strcmp(word, "timestamp") == 0) {
        return parse_timestamp(p, out);
    }
    if (pni_starts_with(word, "decimal") || strcmp(word, "numeric") == 0) {
        return parse_decimal(p, word, out);
    }
    char text[3 * WORD_MAX];
    if (strcmp(word, "fixedsizebinary") == 0 || strcmp(word, "binary") == 0) {
        long size;
        if (!read_number(p, &size) || size < 1 || !accept(p, ')')) {
            return refuse(p, "a size in bytes and ')'");
        }
        snprintf(text, sizeof text, "w:%ld", size);
        start(out, text, "");
        return PN_OK;
    }
    char unit[WORD_MAX];
    if (!read_word(p, unit) || !accept(p, ')')) {
        return refuse(p, "a unit and ')'");
    }
    const char *letter = unit_of(unit);
    const char *spelled = !letter            ? unit
                          : letter[0] == 'm' ? "ms"
                          : letter[0] == 'u' ? "us"
                          : letter[0] == 'n' ? "ns"
                                             : "s";
    snprintf(text, sizeof text, "%s(%s)", word, spelled);
    const char *format = pni_arrow_simple_format(text);
    if (!format) {
        return refuse(p, "a type with that unit before");
    }
    start(out, format, "");
    return PN_OK;
}

static pn_status parse_type(parser *p, struct ArrowSchema *out) {
    char word[WORD_MAX];
    const char *before = p->at;
    if (!read_word(p, word)) {
        return refuse(p, "the name of a type");
    }
    if (accept(p, '<')) {
        return parse_nested(p, word, out);
    }
    if (accept(p, '(')) {
        return parse_arguments(p, word, out);
    }
    const char *format = pni_arrow_simple_format(word);
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0] && !format; i++) {
        format = strcmp(aliases[i][0], word) == 0 ? aliases[i][1] : NULL;
    }
    if (!format) {
        p->at = before;
        skip_space(p);
        return refuse(p, "the name of a type, such as int64, utf8 or list<utf8>");
    }
    start(out, format, "");
    return PN_OK;
}

pn_status pni_arrow_type_parse(const char *text, struct ArrowSchema *field_out, pn_error *err) {
    parser p = {text, text, 0, err};
    PNI_AUTO_SCHEMA field = {0};
    PNI_TRY(parse_member(&p, "", &field));
    skip_space(&p);
    if (*p.at) {
        return refuse(&p, "the end of the type");
    }
    PNI_TRY(pni_arrow_check(&field, 0, err));
    ArrowSchemaMove(&field, field_out);
    return PN_OK;
}
