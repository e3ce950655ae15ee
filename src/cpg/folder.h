/* SPDX-License-Identifier: Apache-2.0 */
/* cpg/folder: the project folder that a build writes. */
#ifndef PNI_CPG_FOLDER_H
#define PNI_CPG_FOLDER_H

#include "base/base.h"

typedef struct pni_folder {
    char *path;  /* absolute */
    char *state; /* .pinion */
    char *tmp;   /* .pinion/tmp, empty at first and removed at the end */
    int lock_fd;
} pni_folder;

/* Makes the folder, takes its lock and empties its temporary folder. CONFLICT: another build;
 * EXISTS: another project. */
pn_status pni_folder_open(const char *path, pni_folder *out, pn_error *err);
void pni_folder_close(pni_folder *folder);
/* Replaces pinion.yaml, views/ and queries/ by those of the pack. */
pn_status pni_folder_put_pack(const pni_folder *folder, const char *pack, pn_error *err);
PNI_DEFINE_AUTO(pni_folder, pni_folder_close)

#endif
