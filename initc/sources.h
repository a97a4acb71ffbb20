/* SPDX-License-Identifier: Apache-2.0 */
/* Properties from the environment, in the dialects of the images that people come from. */
#ifndef KT_INITC_SOURCES_H
#define KT_INITC_SOURCES_H

#include "lib/app/spec.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/kafka/properties.h"
#include "lib/text/finding.h"

/* Adds the spec's properties to list, with "file:line:column" as their source. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_sources_add_spec(const struct kt_spec *spec, struct kt_properties *list);

/* Adds what the environment sets ("NAME=value" strings, NULL-terminated); later than the spec, so it wins:
 * - KAFKA_CFG_NAME (Bitnami): lower case, '_' is '.'.
 * - KAFKA_NAME (Apache and Confluent images): lower case, '_' is '.', '__' is '_', '___' is '-'.
 * Not properties, and left alone: what the start scripts read (KAFKA_HEAP_OPTS, KAFKA_OPTS, ...). Names that Kubernetes
 * makes of Services (KAFKA_PORT_9092_TCP ...) are dropped with a note. Four or more underscores in a row mean different
 * things to different images and are an error finding, as are two names that mean one property with unlike values. */
KT_MUST_CHECK int kt_sources_add_env(char *const *env, struct kt_properties *list, struct kt_findings *findings);

#endif
