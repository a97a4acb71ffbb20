/* SPDX-License-Identifier: Apache-2.0 */
/* What the API server shall hold, as JSON: made from the state alone, so that equal states give equal texts. */
#ifndef KT_DAEMONSET_DOCUMENT_H
#define KT_DAEMONSET_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemonset/event.h"
#include "daemonset/state.h"
#include "lib/app/report.h"
#include "lib/base/attr.h"
#include "lib/text/str.h"

#define KT_API_GROUP    "k8skafka.io"
#define KT_API_VERSION  KT_API_GROUP "/v1"
#define KT_TUNED_LABEL  KT_API_GROUP "/tuned"
#define KT_TAINT        KT_API_GROUP "/untuned"
#define KT_BENCH_NOTE   KT_API_GROUP "/diskbench"
#define KT_FIELD_OWNER  "kafka-tunerd"
#define KT_EVENTS_SPACE "default" /* where Events about objects without a namespace go (client-go, record) */

enum { KT_DOCUMENT_TIME_MAX = 32 };

/* Seconds of the epoch as RFC 3339 in UTC; "" when they cannot be. Returns buf. */
const char *kt_document_time(int64_t wall_s, char buf[KT_DOCUMENT_TIME_MAX]);
/* The reverse. 0 or -EINVAL. */
KT_MUST_CHECK int kt_document_parse_time(const char *text, int64_t *ret_wall_s);

/* These append a document; 0 or -ENOMEM. */

/* The NodeTuning without its status, owned by the Node. */
KT_MUST_CHECK int kt_document_tuning(const struct kt_node_state *state, const char *node_uid, struct kt_str *out);

/* Its status. ret_digest names the content: it is in the document as status.digest. */
KT_MUST_CHECK int kt_document_status(const struct kt_node_state *state, char ret_digest[KT_HASH_MAX],
                                     struct kt_str *out);

/* A merge patch of the Node: its label, NULL takes it away. */
KT_MUST_CHECK int kt_document_label(const char *value, struct kt_str *out);

/* A merge patch of the Node that answers a request for a benchmark: the annotation goes. */
KT_MUST_CHECK int kt_document_bench_answered(struct kt_str *out);

/* A merge patch that leaves all taints of the Node as they are but ours, valid for this version of the Node only.
 * -ENOENT: it has none of ours. */
KT_MUST_CHECK int kt_document_taints(struct kt_json *node, struct kt_str *out);

/* An Event about the Node. */
KT_MUST_CHECK int kt_document_event(const struct kt_event *event, const char *node, struct kt_str *out);

#endif
