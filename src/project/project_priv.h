/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PNI_PROJECT_PRIV_H
#define PNI_PROJECT_PRIV_H

#include "pinion/project.h"

#include "archive/archive.h"
#include "exec/exec.h"

#include <yaml.h>

typedef struct project_output {
    char *view;
    char *uri; /* absolute path or URL */
    char *format;
    int32_t mode; /* PN_WRITE_* */
    PNI_VEC(char *) partition_by;
    char *options_json;         /* or NULL */
    char *storage_options_json; /* or NULL; secret */
    size_t line;                /* of pinion.yaml */
} project_output;

/* A pack, or a library over datafusion-ffi. */
typedef struct project_pack {
    char *path;
    char *digest; /* or NULL */
    size_t line;  /* of pinion.yaml */
} project_pack;

/* What functions written in SQL may be, and where their files lie. */
typedef struct project_sql {
    char *dir; /* relative; NULL = "functions", which need not be there */
    int32_t volatility;
    json_t *primitives, *types, *languages; /* arrays of texts, or NULL */
} project_sql;

typedef struct project_recording project_recording;

struct pn_project {
    char *dir;
    char *name;
    char *profile;                /* or NULL */
    PNI_VEC(pn_setting) settings; /* owned texts */
    pn_catalog *catalog;
    PNI_VEC(project_output) outputs;
    PNI_VEC(project_pack) packs;
    PNI_VEC(project_pack) libraries;
    json_t *required;          /* names of functions that must be there */
    json_t *planners;          /* names of operator planners to install */
    uint64_t async_timeout_ms; /* 0: functions that wait are not allowed */
    uint64_t async_batch_rows;
    project_sql sql;
    PNI_VEC(char *) view_paths; /* relative, sorted */
    int32_t sql_policy;
    uint32_t target_partitions;
    pn_view_graph *graph;
    pn_session *session;          /* NULL until first used */
    bool records_results;         /* digests of what is built are recorded, for verify */
    pn_cancel *cancel;            /* of the session; may be NULL */
    bool records;                 /* runs are recorded in the artifact store */
    project_recording *recording; /* NULL but during a run that is recorded */
};

PNI_DEFINE_AUTO_PTR(pn_project, pn_project_free)

/* A YAML document with the place it came from. Nodes keep line and column, so every complaint names
 * its place. */
typedef struct yaml_file {
    const char *path;
    yaml_document_t document;
    size_t visited; /* nodes read so far, aliases counted each time */
} yaml_file;

pn_status yaml_file_load(const char *path, const pn_buf *text, yaml_file *out, pn_error *err);
void yaml_file_dispose(yaml_file *file);

/* "<path>:<line>: <what>" as PN8002; `node` gives the line. */
pn_status yaml_wrong(const yaml_file *file, const yaml_node_t *node, pn_error *err,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
#ifdef __clang_analyzer__ /* as pni_fail() */
#define yaml_wrong(...) pni_failed(yaml_wrong(__VA_ARGS__))
#endif

/* One key a mapping may hold, and a mapping of such keys; `what` names it in messages. */
typedef struct yaml_key {
    const char *name;
    pn_status (*read)(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err);
} yaml_key;

typedef struct yaml_keys {
    const char *what;
    const yaml_key *keys;
    size_t count;
} yaml_keys;
#define YAML_KEYS(text, array) ((yaml_keys){(text), (array), sizeof(array) / sizeof *(array)})

typedef pn_status (*yaml_pair_fn)(void *ctx, yaml_file *file, yaml_node_t *key, yaml_node_t *value,
                                  pn_error *err);
typedef pn_status (*yaml_item_fn)(void *ctx, yaml_file *file, yaml_node_t *item, pn_error *err);

/* Reads a mapping key by key; an unknown or doubled key is an error that lists what is allowed. */
pn_status yaml_read_mapping(yaml_file *file, yaml_node_t *node, const yaml_keys *keys, void *ctx,
                            pn_error *err);
/* Reads a mapping whose keys are free. */
pn_status yaml_each_pair(yaml_file *file, yaml_node_t *node, const char *what, yaml_pair_fn each,
                         void *ctx, pn_error *err);
pn_status yaml_each_item(yaml_file *file, yaml_node_t *node, const char *what, yaml_item_fn each,
                         void *ctx, pn_error *err);
bool yaml_has_key(yaml_file *file, yaml_node_t *mapping, const char *name);
/* The text of a key: checked when its pair was reached. Borrowed from the document. */
const char *yaml_key_text(const yaml_node_t *key);
/* The text of a scalar that is not empty; refuses ${env:…}. Borrowed from the document. */
pn_status yaml_text(const yaml_file *file, const yaml_node_t *node, const char *what,
                    const char **out, pn_error *err);
/* The same as a copy; replaces what is there. */
pn_status yaml_copy(const yaml_file *file, const yaml_node_t *node, const char *what, char **out,
                    pn_error *err);
pn_status yaml_bool(const yaml_file *file, const yaml_node_t *node, const char *what, bool *out,
                    pn_error *err);
/* One of the words of a NULL-terminated list, by index. */
pn_status yaml_word(const yaml_file *file, const yaml_node_t *node, const char *what,
                    const char *const *words, int32_t *out, pn_error *err);
/* A list of texts, appended to the JSON array `out`. */
pn_status yaml_texts(yaml_file *file, yaml_node_t *node, const char *what, json_t *out,
                     pn_error *err);
/* A mapping of scalars as a JSON object of texts. */
pn_status yaml_text_map(yaml_file *file, yaml_node_t *node, const char *what, json_t **out,
                        pn_error *err);
/* The same, with ${env:NAME} in values replaced. */
pn_status yaml_env_map(yaml_file *file, yaml_node_t *node, const char *what, json_t **out,
                       pn_error *err);

/* Readers of the two large parts of the file. */
pn_status project_read_dataset(void *project, yaml_file *file, yaml_node_t *key, yaml_node_t *value,
                               pn_error *err);
pn_status project_read_output(void *ctx, yaml_file *file, yaml_node_t *item, pn_error *err);
/* `functions.sql`. */
pn_status project_read_sql(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err);
void project_sql_dispose(project_sql *sql);
/* The texts of an array, which owns them. NULL for NULL. */
const char **project_texts(pni_arena *arena, const json_t *list);
/* Opens the session under the project's policy of functions. */
pn_status project_open_session(const pn_project *project, pn_session_options *options,
                               pn_session **out, pn_error *err);
/* Defines the functions that lie in files. */
pn_status project_define_functions(const pn_project *project, pn_session *session, pn_error *err);
extern const char *const project_formats[];      /* of outputs; NULL-terminated */
extern const char *const project_read_formats[]; /* of datasets */

/* The session was opened: what it does belongs to the recording, if there is one. */
void project_record_session(pn_project *project);
/* Ends the recording, if there is one, with the outcome of the run (`outcome` may be NULL); what
 * could not be recorded is appended to `warnings`. */
void project_record_end(pn_project *project, pn_status status, const pn_error *outcome,
                        json_t *warnings);

/* What went wrong without making the run fail, as an entry of `warnings`. */
void project_warn(json_t *warnings, const pn_error *err);

pn_status project_read_yaml(pn_project *project, pn_error *err);
pn_status project_read_views(pn_project *project, pn_error *err);

#endif
