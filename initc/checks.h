/* SPDX-License-Identifier: Apache-2.0 */
/* Rules between properties: what Kafka refuses at start, and what it takes without a word although it should not. */
#ifndef KT_INITC_CHECKS_H
#define KT_INITC_CHECKS_H

#include "initc/config.h"
#include "lib/kafka/properties.h"
#include "lib/text/finding.h"

/* Runs every rule; single keys are lib/kafka/schema.h's. */
void kt_checks_run(const struct kt_compile *in, const struct kt_properties *list, struct kt_findings *findings);

#endif
