/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of what is stored or digested. A reader accepts all older ones; a change of meaning is a
 * new number. */
#ifndef PNI_FORMATS_H
#define PNI_FORMATS_H

#define PNI_FORMAT_CANON 1        /* canonical Substrait */
#define PNI_FORMAT_FINGERPRINT 1  /* components and how they are digested */
#define PNI_FORMAT_BUNDLE 1       /* JSON of a bundle */
#define PNI_FORMAT_BUNDLE_FILE 3  /* parts and manifest of a bundle file */
#define PNI_FORMAT_PROJECT 1      /* pinion.yaml */
#define PNI_FORMAT_PLAN_CACHE 1   /* files of the plan cache; another one is damaged */
#define PNI_FORMAT_STORE 1        /* tables of the artifact store */
#define PNI_FORMAT_UDF_SNAPSHOT 1 /* snapshot of functions */

#endif
