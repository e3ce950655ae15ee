/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli: what the verbs share. The program is a customer of the public headers and links libpinion
 * alone; it has no state of its own but this struct.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "pinion/base.h"
#include "pinion/error.h"
#include "pinion/exec.h"
#include "pinion/project.h"

#include "cli/opt.h"

#include <jansson.h>

#include <stdbool.h>
#include <stdio.h>

struct cli_app {
    cli_args args;
    const cli_verb *verb;
    pn_setting *settings; /* of --set, in order */
    size_t n_settings;
    bool json;        /* documents instead of prose; also true with --agent */
    bool agent;       /* compact documents */
    bool quiet;       /* neither progress nor notes */
    bool pipe_closed; /* the reader of stdout went away: not a failure */
    int exit_code;    /* of a verb that succeeds with a finding, e.g. doctor */
    pn_cancel *cancel;
};

/* Numbers of src/base/errors.def that the program reports itself. */
enum {
    CLI_E_FILE_MISSING = 1007,
    CLI_E_CANCELLED = 1008,
    CLI_E_TABLE_UNKNOWN = 4009,
    CLI_E_STORE_TABLE = 4034,
    CLI_E_FUNCTION = 5106,
    CLI_E_NOT_QUERY = 6003,
    CLI_E_VIEW_UNKNOWN = 6008,
    CLI_E_USAGE = 8101,
    CLI_E_OUTPUT = 8102,
    CLI_E_INPUT = 8103,
    CLI_E_ENCODING = 8104,
    CLI_E_NO_QUERY = 8105,
    CLI_E_QUERY = 8106,
    CLI_E_NUMBER = 8108,
    CLI_E_COLUMN = 8109,
};

#define CLI_TRY(expr)                                                                              \
    do {                                                                                           \
        pn_status cli_status_ = (expr);                                                            \
        if (cli_status_ != PN_OK)                                                                  \
            return cli_status_;                                                                    \
    } while (0)

static inline void cli_auto_buf(pn_buf *buf) {
    pn_buf_dispose(buf);
}
static inline void cli_auto_json(json_t **json) {
    json_decref(*json);
}
static inline void cli_auto_bundle(pn_bundle **bundle) {
    pn_bundle_unref(*bundle);
}
static inline void cli_auto_result(pn_result **result) {
    pn_result_free(*result);
}
#define CLI_AUTO_BUF __attribute__((cleanup(cli_auto_buf))) pn_buf
#define CLI_AUTO_JSON __attribute__((cleanup(cli_auto_json))) json_t *
#define CLI_AUTO_BUNDLE __attribute__((cleanup(cli_auto_bundle))) pn_bundle *
#define CLI_AUTO_RESULT __attribute__((cleanup(cli_auto_result))) pn_result *
#define CLI_AUTO_TEXT __attribute__((cleanup(cli_auto_text))) char *

/* ---- out.c: messages, documents, the end of the output ------------------------------------- */

/* Fills `err` from the catalogue row `number`; returns its status. */
pn_status cli_fail(pn_error *err, int32_t number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
pn_status cli_fail_os(pn_error *err, int32_t number, int os_errno, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void cli_detail(pn_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_hint(pn_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* {"number","status","message","detail","hint"}, never NULL: what is not UTF-8 is replaced. */
json_t *cli_error_json(const pn_error *err);
void cli_print_error(const cli_app *cli, const pn_error *err);
/* A sentence on stderr, unless -q, --json or --agent. */
void cli_note(const cli_app *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What went wrong without making the command fail: [{"number","message","hint"}]. */
void cli_print_warnings(const cli_app *cli, const json_t *warnings);
/* Writes a document to stdout: indented with --json, on one line with --agent. */
pn_status cli_print_json(cli_app *cli, const json_t *document, pn_error *err);
/* Counts in a report about tables become numbers in place of texts of digits. */
void cli_count(json_t *report);
/* Both. What is digested, such as pins, must not stand in such a report: its texts stay. */
pn_status cli_print_report(cli_app *cli, json_t *report, pn_error *err);
/* Writes out what is buffered; a reader that went away is remembered in `cli`. */
pn_status cli_flush(cli_app *cli, FILE *out, const char *name, pn_error *err);
/* Parses JSON that the library made. */
pn_status cli_parse(const pn_buf *text, json_t **json_out, pn_error *err);
const char *cli_text_of(const json_t *object, const char *key); /* "" when absent */

/* ---- text.c -------------------------------------------------------------------------------- */

void cli_auto_text(char **text);
/* Memory that never fails: running out ends the program with one line. */
void *cli_alloc(size_t size);
void *cli_grow(void *data, size_t size);
char *cli_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The candidate nearest to `word` (a NULL-terminated list), or NULL when none is near. */
const char *cli_nearest(const char *word, const char *const *candidates);
bool cli_utf8_valid(const char *text, size_t len);
/* Columns that `text` takes on a terminal. */
size_t cli_width(const char *text, size_t len);
/* Reads a whole file ("-" = standard input) as UTF-8 text without NUL; free with cli_auto_text. */
pn_status cli_read_text(const cli_app *cli, const char *path, char **text_out, pn_error *err);

/* ---- progress.c ---------------------------------------------------------------------------- */

/* A bar on stderr when it is a terminal and nobody asked for silence; else does nothing. */
void cli_progress_start(const cli_app *cli);
void cli_progress(void *ctx, const char *what, uint64_t done, uint64_t total);
void cli_progress_end(void);

/* ---- open.c: project and session ----------------------------------------------------------- */

typedef struct cli_workspace {
    pn_project *project; /* NULL: a session without a project */
    pn_session *session; /* borrowed from the project, or owned */
    pn_view_graph *graph;
} cli_workspace;

/* A project that is open in a workspace already is used, and not read again. */
pn_status cli_open_project(const cli_app *cli, pn_project **project_out, pn_error *err);
/* The project here, or a session without tables when there is none; --autoload adds a folder. */
pn_status cli_open_workspace(const cli_app *cli, cli_workspace *out, pn_error *err);
/* The project here, or in `dir`, its session and all its views compiled. */
pn_status cli_open_checked(const cli_app *cli, cli_workspace *out, pn_error *err);
pn_status cli_open_checked_at(const cli_app *cli, const char *dir, cli_workspace *out,
                              pn_error *err);
void cli_close_workspace(cli_workspace *workspace);
#define CLI_AUTO_WORKSPACE __attribute__((cleanup(cli_close_workspace))) cli_workspace
/* Compiles a query; the views of the project are compiled only when it names one. */
pn_status cli_compile(const cli_app *cli, cli_workspace *workspace, const char *sql,
                      pn_bundle **bundle_out, pn_error *err);
/* Runs a statement of any kind that the policy allows; views are compiled as for a query. */
pn_status cli_statement(const cli_app *cli, cli_workspace *workspace, const char *sql,
                        const pn_exec_options *options, pn_result **result_out, pn_error *err);
/* The bundle of a view of a checked project, borrowed. */
pn_status cli_find_view(const cli_workspace *workspace, const char *name,
                        const pn_bundle **bundle_out, pn_error *err);
/* The project as pn_project_json() gives it. */
pn_status cli_project_json(const pn_project *project, json_t **json_out, pn_error *err);
/* `uri` as the project file would say it: relative when it lies in the project's folder. */
const char *cli_short_path(const json_t *project, const char *uri);

/* ---- cmd_run.c: the query of -c, -f or stdin; free with cli_auto_text -------------------------
 */

pn_status cli_read_query(const cli_app *cli, char **sql_out, pn_error *err);

/* ---- params.c: --param NAME=VALUE[:TYPE] ------------------------------------------------------
 */

typedef struct cli_params {
    pn_compile_options options; /* params point into the fields below */
    pn_param *items;
    char **texts;
    size_t n_texts;
} cli_params;
/* The parameters of the command line as compile options; a verb without --param has none. */
pn_status cli_read_params(const cli_app *cli, cli_params *out, pn_error *err);
void cli_params_dispose(cli_params *params);
#define CLI_AUTO_PARAMS __attribute__((cleanup(cli_params_dispose))) cli_params
#define CLI_PARAM_OPTION                                                                           \
    {                                                                                              \
        "param", 'p', CLI_PAIR, true, "NAME=VALUE", NULL,                                          \
            "value of $NAME, or of $1 with NAME 1; VALUE:TYPE states its type; may be repeated"    \
    }

/* ---- tree.c: indented output ---------------------------------------------------------------- */

/* Prints lines with the branches of a tree in front; starts zeroed. */
typedef struct cli_tree {
    char *prefix;
    size_t len;
} cli_tree;
void cli_tree_line(const cli_tree *tree, bool is_last, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void cli_tree_enter(cli_tree *tree, bool is_last); /* what follows hangs below the last line */
void cli_tree_leave(cli_tree *tree);
void cli_tree_dispose(cli_tree *tree);

/* ---- run.c: rows of a bundle to a file or stdout -------------------------------------------- */

typedef struct cli_run_request {
    const char *format; /* table, csv, …; NULL = by the file's name, else by --json or table */
    const char *file;   /* NULL = stdout */
    uint64_t limit;     /* rows */
    uint64_t timeout_ms;
    int32_t replay; /* PN_REPLAY_* */
} cli_run_request;

/* Runs a statement that is no query: its rows as those of a query, or what it did. */
pn_status cli_run_statement(cli_app *cli, cli_workspace *workspace, const char *sql,
                            const cli_run_request *request, pn_error *err);
pn_status cli_run_bundle(cli_app *cli, pn_session *session, const pn_bundle *bundle,
                         const cli_run_request *request, pn_error *err);

/* ---- the verbs ------------------------------------------------------------------------------ */

extern const cli_verb *const cli_verbs[]; /* verbs.c; NULL-terminated, in the order of --help */
extern const cli_option cli_global_options[];

#define CLI_VERB_LIST(X)                                                                           \
    X(init)                                                                                        \
    X(check)                                                                                       \
    X(plan)                                                                                        \
    X(build)                                                                                       \
    X(run)                                                                                         \
    X(explain)                                                                                     \
    X(lineage)                                                                                     \
    X(diff)                                                                                        \
    X(why)                                                                                         \
    X(verify)                                                                                      \
    X(ls)                                                                                          \
    X(bundle_export)                                                                               \
    X(bundle_import)                                                                               \
    X(bundle_ls)                                                                                   \
    X(bundle_show)                                                                                 \
    X(replay)                                                                                      \
    X(doctor)                                                                                      \
    X(cpg_build)                                                                                   \
    X(cpg_query)                                                                                   \
    X(store_ls)                                                                                    \
    X(store_query)                                                                                 \
    X(store_gc)                                                                                    \
    X(store_export)                                                                                \
    X(udf_ls)                                                                                      \
    X(udf_show)                                                                                    \
    X(udf_snapshot)                                                                                \
    X(udf_check)                                                                                   \
    X(explain_error)                                                                               \
    X(completion)
#define CLI_VERB_DECLARE(name) extern const cli_verb cli_verb_##name;
CLI_VERB_LIST(CLI_VERB_DECLARE)

#endif
