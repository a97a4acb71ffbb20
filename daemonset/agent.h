/* SPDX-License-Identifier: Apache-2.0 */
/* The agent without its loop: what is to be done when, for whoever knows the time and what has happened. */
#ifndef KT_DAEMONSET_AGENT_H
#define KT_DAEMONSET_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemonset/kube.h"
#include "daemonset/state.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"

/* As given on the command line. NULL: the default. */
struct kt_agent_options {
        const char *node; /* required */
        const char *config;
        const char *journal;
        const char *api;
        const char *token;
        const char *ca;
        const char *namespaces; /* of broker pods, separated by commas */
        const char *selector;
        const char *container;
        const char *kubelet_dir;
        const char *disks;     /* paths that may be measured, separated by commas; NULL: none */
        const char *diskbench; /* path of the program */
};

struct kt_agent;

/* Borrows the options' texts. A kafka.yaml that cannot be used is no error: the agent says so and waits for a better
 * one. Without an address of the API server it works alone. */
KT_MUST_CHECK int kt_agent_new(const struct kt_agent_options *options, struct kt_agent **ret, struct kt_err *e);
void kt_agent_free(struct kt_agent *agent);

/* What may have changed: the next kt_agent_tick looks. */
void kt_agent_hint_config(struct kt_agent *agent);
void kt_agent_hint_mounts(struct kt_agent *agent);
/* A disk came, went or changed; name NULL: it is not known which. */
void kt_agent_hint_disk(struct kt_agent *agent, const char *name);

/* A round: rows, and volumes where there is reason to. To be called each second, and at once after a hint. */
KT_MUST_CHECK int kt_agent_tick(struct kt_agent *agent, struct kt_err *e);

/* Talks to the API server, raises limits and sends documents that are due. To be called after each poll(2). */
KT_MUST_CHECK int kt_agent_step(struct kt_agent *agent, struct kt_err *e);
/* For poll(2): kt_agent_step has something to do when fd is readable (-1: there is none) and after so many ms, -1:
 * never. */
int kt_agent_fd(const struct kt_agent *agent);
int64_t kt_agent_wait_ms(const struct kt_agent *agent);

const struct kt_node_state *kt_agent_state(const struct kt_agent *agent);
/* NULL: works alone. */
const struct kt_kube *kt_agent_kube(const struct kt_agent *agent);

/* The server, if there is one, holds all that is wanted. */
bool kt_agent_is_published(const struct kt_agent *agent);

/* Whether rounds are made in time, and whether the node is ready; appends a line that says why (not). */
bool kt_agent_is_healthy(const struct kt_agent *agent, struct kt_str *out);
bool kt_agent_is_ready(const struct kt_agent *agent, struct kt_str *out);

struct kt_agent_stats {
        double busy_seconds;  /* spent in rounds */
        int64_t ended_wall_s; /* the last round */
        int64_t skew_ms;      /* what is to be added to CLOCK_MONOTONIC to get the time of day */
        uint64_t heard;       /* events of watches */
};
void kt_agent_get_stats(const struct kt_agent *agent, struct kt_agent_stats *ret);

#endif
