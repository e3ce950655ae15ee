/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: findings about this installation and this folder; one function per thing looked at. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/cli.h"

enum { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

typedef struct doctor {
    const cli_app *cli;
    json_t *findings; /* [{"check","state","text","hint"}] */
    int worst;
} doctor;

void doctor_say(doctor *d, int state, const char *check, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void doctor_hint(doctor *d, const char *hint); /* of the last finding */

/* doctor.c: files and programs; the engine is not needed for them. */
void doctor_cache(doctor *d);
void doctor_helpers(doctor *d);
void doctor_python(doctor *d);
void doctor_leftovers(doctor *d);

#endif
