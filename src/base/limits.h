/* SPDX-License-Identifier: Apache-2.0 */
/* Ceilings on every size that comes from outside. Each is named in docs/limits.md. */
#ifndef PNI_LIMITS_H
#define PNI_LIMITS_H

#define PNI_SQL_MAX_BYTES (64u << 20)
#define PNI_NAME_MAX_BYTES 128u
#define PNI_JSON_MAX_BYTES (64u << 20)
#define PNI_YAML_MAX_BYTES (8u << 20)
#define PNI_PLAN_MAX_BYTES (64u << 20)
#define PNI_PLAN_MAX_DEPTH 24000u
#define PNI_PLAN_MAX_NODES 4000000u
#define PNI_BUNDLE_FILE_MAX_BYTES (256u << 20)
#define PNI_BUNDLE_PART_MAX_BYTES (64u << 20)
#define PNI_BUNDLE_PARTS_MAX 65536u
#define PNI_BUNDLE_JSON_MAX_VALUES 1000000u /* of one document: they are held as trees */
#define PNI_VIEWS_MAX 100000u
#define PNI_DATASETS_MAX 100000u
#define PNI_DATASET_FILES_MAX 1000000u
#define PNI_TABLE_ARGUMENT_MAX_BYTES 65536u /* of a table function, written in SQL */
#define PNI_DATASET_OBJECTS_MAX 100000u     /* of an object store: one listing is one document */
#define PNI_SOURCE_FILE_MAX_BYTES (64u << 20)

#endif
