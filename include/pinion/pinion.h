/* SPDX-License-Identifier: Apache-2.0 */
/** pinion/pinion.h: everything but the plugin contract. */
#ifndef PINION_PINION_H
#define PINION_PINION_H

#include "pinion/arrow.h"
#include "pinion/base.h"
#include "pinion/bundle.h"
#include "pinion/bundle_file.h"
#include "pinion/cpg.h"
#include "pinion/dataset.h"
#include "pinion/diff.h"
#include "pinion/engine.h"
#include "pinion/error.h"
#include "pinion/exec.h"
#include "pinion/format.h"
#include "pinion/lineage.h"
#include "pinion/project.h"
#include "pinion/session.h"
#include "pinion/store.h"
#include "pinion/substrait.h"
#include "pinion/types.h"
#include "pinion/udf.h"
#include "pinion/verify.h"
#include "pinion/view.h"

#endif
