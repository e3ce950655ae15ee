/* SPDX-License-Identifier: Apache-2.0 */
/* Globs and .gitignore rules; test_ignore_git.c compares a whole tree with git itself. */
#include "source/source.h"
#include "t.h"

static bool segment(const char *pattern, const char *text) {
    return pni_glob_segment(pni_str_of(pattern), pni_str_of(text));
}

T_CASE(stars_and_question_marks_match_bytes) {
    T_ASSERT(segment("*.py", "a.py"));
    T_ASSERT(segment("*.py", ".py"));
    T_ASSERT(!segment("*.py", "a.pyc"));
    T_ASSERT(segment("a*b*c", "a__b__b_c"));
    T_ASSERT(!segment("a*b*c", "a__c__b"));
    T_ASSERT(segment("t?st", "test"));
    T_ASSERT(!segment("t?st", "tst"));
    T_ASSERT(segment("", ""));
    T_ASSERT(!segment("", "a"));
    T_ASSERT(segment("**", "anything"));
}

T_CASE(sets_have_ranges_classes_and_negation) {
    T_ASSERT(segment("[a-c]x", "bx"));
    T_ASSERT(!segment("[a-c]x", "dx"));
    T_ASSERT(segment("[!a-c]x", "dx"));
    T_ASSERT(segment("[^a-c]x", "dx"));
    T_ASSERT(segment("[]]", "]"));
    T_ASSERT(segment("[]-]", "-"));
    T_ASSERT(segment("[a-]", "-"));
    T_ASSERT(segment("[[:digit:]]", "7"));
    T_ASSERT(!segment("[[:digit:]]", "x"));
    T_ASSERT(segment("[[:alpha:]_]*", "_x"));
    T_ASSERT(segment("[\\]]", "]"));
    T_ASSERT(segment("[[:x]", ":"));
}

T_CASE(malformed_sets_match_nothing) {
    T_ASSERT(!segment("[abc", "a"));
    T_ASSERT(!segment("[abc", "[abc"));
    T_ASSERT(!segment("[[:nope:]]", "n"));
    T_ASSERT(!segment("a\\", "a\\"));
    T_ASSERT(!segment("[", "["));
}

T_CASE(backslash_takes_the_next_byte_as_it_is) {
    T_ASSERT(segment("\\*", "*"));
    T_ASSERT(!segment("\\*", "x"));
    T_ASSERT(segment("\\#a", "#a"));
}

T_CASE(double_stars_span_folders) {
    T_ASSERT(pni_glob_path("**/foo", "foo"));
    T_ASSERT(pni_glob_path("**/foo", "a/b/foo"));
    T_ASSERT(pni_glob_path("a/**/b", "a/b"));
    T_ASSERT(pni_glob_path("a/**/b", "a/x/y/b"));
    T_ASSERT(!pni_glob_path("a/**/b", "a/x/y/c"));
    T_ASSERT(pni_glob_path("a/**", "a/x"));
    T_ASSERT(!pni_glob_path("a/**", "a"));
    T_ASSERT(pni_glob_path("a/**/b/**/c", "a/b/b/x/b/c"));
    T_ASSERT(!pni_glob_path("a/*/c", "a/x/y/c"));
    T_ASSERT(!pni_glob_path("a**c", "a/b/c"));
}

T_CASE(hostile_patterns_stay_cheap) {
    char text[4000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    T_ASSERT(!segment("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
    for (size_t i = 1; i < sizeof text - 1; i += 2) {
        text[i] = '/';
    }
    T_ASSERT(!pni_glob_path("**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b", text));
}

static bool ignored(const char *rules, const char *path, bool is_dir) {
    PNI_AUTO_PTR(pni_ignore) ignore = pni_ignore_new();
    pni_ignore_push(ignore, "", rules, strlen(rules));
    return pni_ignore_match(ignore, path, is_dir);
}

T_CASE(the_last_matching_rule_decides) {
    T_ASSERT(ignored("*.py\n", "a/b.py", false));
    T_ASSERT(!ignored("*.py\n!b.py\n", "a/b.py", false));
    T_ASSERT(ignored("*.py\n!b.py\nb.*\n", "a/b.py", false));
    T_ASSERT(ignored("\n# comment\n\\#x\n", "#x", false));
    T_ASSERT(ignored("\\!x\n", "!x", false));
}

T_CASE(a_slash_anchors_and_a_last_one_means_folders) {
    T_ASSERT(ignored("/build\n", "build", true));
    T_ASSERT(!ignored("/build\n", "a/build", true));
    T_ASSERT(ignored("build/\n", "a/build", true));
    T_ASSERT(!ignored("build/\n", "a/build", false));
    T_ASSERT(ignored("doc/*.txt\n", "doc/a.txt", false));
    T_ASSERT(!ignored("doc/*.txt\n", "x/doc/a.txt", false));
    T_ASSERT(!ignored("doc/*.txt\n", "doc/x/a.txt", false));
    T_ASSERT(!ignored("/\n", "a", true));
}

T_CASE(line_ends_and_trailing_spaces) {
    T_ASSERT(ignored("a.py\r\n", "a.py", false));
    T_ASSERT(ignored("a.py   \n", "a.py", false));
    T_ASSERT(ignored("a\\ \n", "a ", false));
    T_ASSERT(ignored("\xEF\xBB\xBFz.py", "z.py", false));
}

T_CASE(inner_files_win_and_count_from_their_folder) {
    PNI_AUTO_PTR(pni_ignore) ignore = pni_ignore_new();
    pni_ignore_push(ignore, "", "*.py\n", 5);
    pni_ignore_push(ignore, "pkg", "!/keep.py\n", 10);
    T_ASSERT(!pni_ignore_match(ignore, "pkg/keep.py", false));
    T_ASSERT(pni_ignore_match(ignore, "pkg/sub/keep.py", false));
    pni_ignore_pop(ignore);
    T_ASSERT(pni_ignore_match(ignore, "pkg/keep.py", false));
}
