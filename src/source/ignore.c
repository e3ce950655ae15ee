/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .gitignore without a repository. libgit2 would need one, and brings far more than a matcher.
 *
 * Matching is git's: the last rule that matches decides, inner files before outer ones, and nothing
 * below an excluded folder comes back. A pattern with a '/' before its end is anchored to its
 * file's folder.
 *
 * Both levels (characters in a segment, segments in a path) backtrack to the last star only. That
 * is enough, because a star that comes later can take up whatever an earlier one would have, and it
 * keeps a hostile pattern at O(n * m).
 */
#include "source/source.h"

#include <ctype.h>

typedef struct rule {
    char *pattern;
    bool negated;
    bool dir_only;
    bool anchored;
} rule;

typedef struct rule_list {
    char *dir;
    size_t dir_len;
    PNI_VEC(rule) rules;
} rule_list;

struct pni_ignore {
    PNI_VEC(rule_list) lists;
};

/* ---- globs --------------------------------------------------------------------------------- */

typedef struct set_scan {
    const char *p;
    const char *end;
    unsigned char c;
    bool matched;
} set_scan;

static bool class_has(pni_str name, unsigned char c, bool *known) {
    static const struct {
        const char *name;
        int (*test)(int);
    } classes[] = {{"alnum", isalnum}, {"alpha", isalpha}, {"cntrl", iscntrl},  {"digit", isdigit},
                   {"graph", isgraph}, {"lower", islower}, {"print", isprint},  {"punct", ispunct},
                   {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit}};
    *known = true;
    if (pni_str_eq(name, PNI_STR("blank"))) {
        return c == ' ' || c == '\t';
    }
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (pni_str_eq(name, pni_str_of(classes[i].name))) {
            return c < 0x80 && classes[i].test(c) != 0;
        }
    }
    *known = false;
    return false;
}

/* At "[:": consumes "[:name:]" when it is one; otherwise the '[' is a plain member. False =
 * malformed. */
static bool set_class(set_scan *s, unsigned char *previous) {
    const char *name = s->p + 2;
    const char *close = name;
    while (close < s->end && *close != ']') {
        close++;
    }
    if (close == s->end) {
        return false;
    }
    if (close == name || close[-1] != ':') {
        s->matched = s->matched || s->c == '[';
        *previous = '[';
        s->p++;
        return true;
    }
    bool known;
    const bool has = class_has((pni_str){name, (size_t)(close - 1 - name)}, s->c, &known);
    s->matched = s->matched || has;
    *previous = 0;
    s->p = close + 1;
    return known;
}

/* Consumes one member or range; false = malformed. */
static bool set_member(set_scan *s, unsigned char *previous) {
    unsigned char low = (unsigned char)*s->p;
    if (low == '[' && s->p + 1 < s->end && s->p[1] == ':') {
        return set_class(s, previous);
    }
    const bool range = low == '-' && *previous != 0 && s->p + 1 < s->end && s->p[1] != ']';
    s->p += range ? 1 : 0;
    if (*s->p == '\\') {
        s->p++;
    }
    if (s->p == s->end) {
        return false;
    }
    const unsigned char c = (unsigned char)*s->p++;
    s->matched = s->matched || (range ? s->c >= *previous && s->c <= c : s->c == c);
    *previous = range ? 0 : c;
    return true;
}

/* The length of the bracket set at `p`, or 0 when it is malformed; *matched tells whether `c` is in
 * it. */
static size_t set_match(const char *p, const char *end, unsigned char c, bool *matched) {
    set_scan s = {p + 1, end, c, false};
    const bool negated = s.p < end && (*s.p == '!' || *s.p == '^');
    s.p += negated ? 1 : 0;
    unsigned char previous = 0;
    do {
        if (s.p == end || !set_member(&s, &previous)) {
            return 0;
        }
    } while (s.p == end || *s.p != ']');
    *matched = s.matched != negated;
    return (size_t)(s.p + 1 - p);
}

/* The length of the pattern's element at `p` when it matches `c`, else 0. */
static size_t element_match(const char *p, const char *end, unsigned char c) {
    if (*p == '[') {
        bool matched = false;
        const size_t len = set_match(p, end, c, &matched);
        return matched ? len : 0;
    }
    if (*p == '\\') {
        return p + 1 < end && (unsigned char)p[1] == c ? 2 : 0;
    }
    return *p == '?' || (unsigned char)*p == c ? 1 : 0;
}

bool pni_glob_segment(pni_str pattern, pni_str text) {
    const char *p = pattern.data;
    const char *p_end = p + pattern.len;
    const char *t = text.data;
    const char *t_end = t + text.len;
    const char *star = NULL; /* the pattern after the last star, and the text it gave back to */
    const char *mark = NULL;
    while (t < t_end) {
        size_t len = 0;
        if (p < p_end && *p == '*') {
            star = ++p;
            mark = t;
        } else if (p < p_end && (len = element_match(p, p_end, (unsigned char)*t)) > 0) {
            p += len;
            t++;
        } else if (star != NULL) {
            p = star;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < p_end && *p == '*') {
        p++;
    }
    return p == p_end;
}

/* The first segment of a pattern; *rest is what follows its '/', or NULL. */
static pni_str pattern_segment(const char *pattern, const char **rest) {
    const char *end = pattern + strlen(pattern);
    const char *p = pattern;
    *rest = NULL;
    while (p < end && *p != '/') {
        size_t len = 1;
        bool unused;
        if (*p == '\\') {
            len = p + 1 < end ? 2 : 1;
        } else if (*p == '[') {
            len = set_match(p, end, 0, &unused);
            len = len == 0 ? 1 : len;
        }
        if (len == 2 && *p == '\\' && p[1] == '/') {
            *rest = p + 2;
            return (pni_str){pattern, (size_t)(p - pattern)};
        }
        p += len;
    }
    *rest = p < end ? p + 1 : NULL;
    return (pni_str){pattern, (size_t)(p - pattern)};
}

static pni_str text_segment(const char *text, const char **rest) {
    const char *slash = strchr(text, '/');
    *rest = slash != NULL ? slash + 1 : NULL;
    return (pni_str){text, slash != NULL ? (size_t)(slash - text) : strlen(text)};
}

static bool is_any_depth(pni_str segment) {
    size_t stars = 0;
    while (stars < segment.len && segment.data[stars] == '*') {
        stars++;
    }
    return stars >= 2 && stars == segment.len;
}

bool pni_glob_path(const char *pattern, const char *path) {
    const char *p = pattern; /* NULL = used up, for both */
    const char *t = path;
    const char *star = NULL;
    const char *mark = NULL;
    for (;;) {
        const char *p_rest = NULL;
        const char *t_rest = NULL;
        if (p == NULL && t == NULL) {
            return true;
        }
        const pni_str want = p != NULL ? pattern_segment(p, &p_rest) : (pni_str){NULL, 0};
        if (p != NULL && is_any_depth(want)) {
            if (p_rest == NULL) {
                return t != NULL;
            }
            star = p = p_rest;
            mark = t;
        } else if (p != NULL && t != NULL && pni_glob_segment(want, text_segment(t, &t_rest))) {
            p = p_rest;
            t = t_rest;
        } else if (star != NULL && mark != NULL) {
            (void)text_segment(mark, &t_rest);
            t = mark = t_rest;
            p = star;
        } else {
            return false;
        }
    }
}

/* ---- rules --------------------------------------------------------------------------------- */

pni_ignore *pni_ignore_new(void) {
    return pni_calloc(1, sizeof(pni_ignore));
}

static void rule_list_dispose(rule_list *list) {
    for (size_t i = 0; i < list->rules.count; i++) {
        pni_free(list->rules.items[i].pattern);
    }
    pni_vec_dispose(&list->rules);
    pni_free(list->dir);
}

void pni_ignore_free(pni_ignore *ignore) {
    if (ignore == NULL) {
        return;
    }
    while (ignore->lists.count > 0) {
        pni_ignore_pop(ignore);
    }
    pni_vec_dispose(&ignore->lists);
    pni_free(ignore);
}

/* The length without trailing spaces, but for those behind a backslash. */
static size_t trimmed_len(const char *line, size_t len) {
    size_t keep = 0;
    for (size_t i = 0; i < len; i++) {
        if (line[i] == '\\' && i + 1 < len) {
            i++;
            keep = i + 1;
        } else if (line[i] != ' ') {
            keep = i + 1;
        }
    }
    return keep;
}

static void add_rule(rule_list *list, const char *line, size_t len) {
    if (len > 0 && line[len - 1] == '\r') {
        len--;
    }
    if (len == 0 || line[0] == '#' || memchr(line, '\0', len) != NULL) {
        return;
    }
    len = trimmed_len(line, len);
    rule r = {0};
    if (len > 0 && line[0] == '!') {
        r.negated = true;
        line++;
        len--;
    }
    if (len > 0 && line[len - 1] == '/') {
        r.dir_only = true;
        len--;
    }
    r.anchored = memchr(line, '/', len) != NULL;
    if (len > 0 && line[0] == '/') {
        line++;
        len--;
    }
    if (len == 0) {
        return;
    }
    r.pattern = pni_strndup(line, len);
    pni_vec_push(&list->rules, r);
}

void pni_ignore_push(pni_ignore *ignore, const char *dir, const void *text, size_t len) {
    rule_list list = {.dir = pni_strdup(dir), .dir_len = strlen(dir)};
    const char *at = text;
    const char *end = at + len;
    if (len >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) {
        at += 3;
    }
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        add_rule(&list, at, (size_t)(stop - at));
        at = stop + 1;
    }
    pni_vec_push(&ignore->lists, list);
}

void pni_ignore_pop(pni_ignore *ignore) {
    pni_assert(ignore->lists.count > 0);
    rule_list_dispose(&ignore->lists.items[--ignore->lists.count]);
}

static bool rule_matches(const rule *r, const char *relative, bool is_dir) {
    if (r->dir_only && !is_dir) {
        return false;
    }
    if (r->anchored) {
        return pni_glob_path(r->pattern, relative);
    }
    return pni_glob_segment(pni_str_of(r->pattern), pni_str_of(pni_path_base(relative)));
}

bool pni_ignore_match(const pni_ignore *ignore, const char *path, bool is_dir) {
    for (size_t i = ignore->lists.count; i-- > 0;) {
        const rule_list *list = &ignore->lists.items[i];
        const char *relative = list->dir_len == 0 ? path : path + list->dir_len + 1;
        for (size_t k = list->rules.count; k-- > 0;) {
            if (rule_matches(&list->rules.items[k], relative, is_dir)) {
                return !list->rules.items[k].negated;
            }
        }
    }
    return false;
}
