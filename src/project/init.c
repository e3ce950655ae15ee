/* SPDX-License-Identifier: Apache-2.0 */
/* A new project: small enough to read at a glance, whole enough that `pinion build` works at once.
 */
#include "project/project_priv.h"

static const char yaml_head[] =
    "# A pinion project. Every key: docs/project-file.md.\nversion: 1\nname: ";

static const char yaml_tail[] = "\n"
                                "profile: dev\n"
                                "\n"
                                "datasets:\n"
                                "  orders:\n"
                                "    format: csv\n"
                                "    uri: data/orders.csv\n"
                                "\n"
                                "outputs:\n"
                                "  - view: revenue_by_customer\n"
                                "    format: delta\n"
                                "    uri: out/revenue_by_customer\n"
                                "    mode: overwrite\n";

static const char orders_csv[] =
    "order_id,customer,amount\n1,ada,12.50\n2,grace,8.00\n3,ada,30.25\n4,linus,5.75\n";

static const char big_orders_sql[] =
    "-- One row per order of at least 8: order_id, customer, amount.\n"
    "select order_id, customer, amount\n"
    "from orders\n"
    "where amount >= 8\n";

static const char revenue_sql[] = "-- One row per customer: how many orders, and their sum.\n"
                                  "select customer, count(*) as orders, sum(amount) as revenue\n"
                                  "from big_orders\n"
                                  "group by customer\n";

static const char gitignore[] = "/.pinion/\n/out/\n";

static pn_status write_text(const char *dir, const char *name, const char *text, pn_error *err) {
    PNI_AUTO_PTR(pni_text) path = pni_path_join(dir, name);
    if (pni_path_exists(path))
        return PN_OK; /* what is there is the user's */
    return pni_file_write(path, text, strlen(text), err);
}

/* A folder's name may be anything; what cannot stand in a text file is not taken from it. */
static char *name_of(const char *dir, const char *name) {
    if (name)
        return pni_strdup(name);
    PNI_AUTO_PTR(pni_text) absolute = pni_path_absolute(dir);
    const char *base = pni_path_base(absolute);
    return pni_strdup(*base && pni_utf8_valid(base, strlen(base)) ? base : "project");
}

pn_status pn_project_init(const char *dir, const char *name, pn_error *err) {
    PNI_AUTO(pn_buf) yaml = PN_BUF_INIT;
    if (!dir)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_project_init: dir must not be NULL");
    if (name && (!*name || !pni_utf8_valid(name, strlen(name))))
        return pni_fail(err, PNI_E_ARGUMENT, "the project name '%s' is empty or not UTF-8", name);
    PNI_AUTO_PTR(pni_text) file = pni_path_join(dir, "pinion.yaml");
    if (pni_path_exists(file))
        return pni_fail(err, PNI_E_PROJECT_EXISTS, "'%s' is there already", file);
    PNI_AUTO_PTR(pni_text) title = name_of(dir, name);
    PNI_AUTO_PTR(pni_text) views = pni_path_join(dir, "views");
    PNI_AUTO_PTR(pni_text) data = pni_path_join(dir, "data");
    PNI_TRY(pni_mkdirs(views, err));
    PNI_TRY(pni_mkdirs(data, err));
    pni_buf_puts(&yaml, yaml_head);
    pni_json_quote(&yaml, title, strlen(title)); /* is a double-quoted scalar of YAML too */
    pni_buf_puts(&yaml, yaml_tail);
    PNI_TRY(write_text(dir, "data/orders.csv", orders_csv, err));
    PNI_TRY(write_text(dir, "views/big_orders.sql", big_orders_sql, err));
    PNI_TRY(write_text(dir, "views/revenue_by_customer.sql", revenue_sql, err));
    PNI_TRY(write_text(dir, ".gitignore", gitignore, err));
    return write_text(dir, "pinion.yaml", pni_buf_text(&yaml), err);
}
