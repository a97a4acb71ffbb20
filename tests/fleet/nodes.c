/* SPDX-License-Identifier: Apache-2.0 */
/* Agents, and the turns of the loop that each of them would have. A round each second would come to the same as the
 * round before for as long as nothing has happened on the node: those rounds are left out. */
#include "tests/fleet/nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemonset/agent.h"
#include "tests/fleet/clock.h"
#include "tests/fleet/machine.h"
#include "tests/fleet/server.h"

enum {
        TICK_MS = 1000,
        NEWS_MS = 3 * 1000,       /* rounds each second for so long after something was heard */
        DRIFT_MS = 15 * 1000,     /* and after a value was changed: longer than the longest back-off */
        QUIET_MS = 5 * 60 * 1000, /* between rounds when there is nothing */
};

struct node {
        struct kt_agent *agent; /* NULL: none runs */
        char name[32];
        char url[32];
        char number[16];
        unsigned generation;
        int64_t wake_ms;
        int64_t tick_ms;
        int64_t busy_until_ms;
};

static struct {
        struct node *items;
        unsigned count;
} nodes;

static void require(int r, const struct kt_err *e)
{
        if (r == 0)
                return;
        (void)fprintf(stderr, "fleet: %s\n", e->text);
        exit(2);
}

/* ---- Turns ---- */

static void set_wake(unsigned slot, int64_t when_ms);

static void on_wake(void *context, uint64_t when_ms)
{
        struct node *node = context;
        struct kt_err e = { 0 };
        int64_t wait_ms;

        if (!node->agent || node->wake_ms != (int64_t)when_ms)
                return;
        node->wake_ms = -1;
        require(kt_agent_step(node->agent, &e), &e);
        wait_ms = kt_agent_wait_ms(node->agent);
        if (wait_ms >= 0)
                set_wake((unsigned)(node - nodes.items), clock_now() + (wait_ms > 0 ? wait_ms : 1));
}

/* The sooner one counts. */
static void set_wake(unsigned slot, int64_t when_ms)
{
        struct node *node = &nodes.items[slot];

        if (node->wake_ms >= 0 && node->wake_ms <= when_ms)
                return;
        node->wake_ms = when_ms;
        clock_at(when_ms, on_wake, node, (uint64_t)when_ms);
}

static void on_tick(void *context, uint64_t when_ms);

static void set_tick(struct node *node)
{
        const int64_t now_ms = clock_now();
        const int64_t when_ms = now_ms + (now_ms < node->busy_until_ms ? TICK_MS : QUIET_MS);

        if (node->tick_ms > now_ms && node->tick_ms <= when_ms)
                return;
        node->tick_ms = when_ms;
        clock_at(when_ms, on_tick, node, (uint64_t)when_ms);
}

static void on_tick(void *context, uint64_t when_ms)
{
        struct node *node = context;
        struct kt_err e = { 0 };

        if (!node->agent || node->tick_ms != (int64_t)when_ms)
                return;
        require(kt_agent_tick(node->agent, &e), &e);
        set_wake((unsigned)(node - nodes.items), clock_now());
        set_tick(node);
}

static void be_busy(struct node *node, int64_t for_ms)
{
        if (clock_now() + for_ms > node->busy_until_ms)
                node->busy_until_ms = clock_now() + for_ms;
        set_tick(node);
}

void nodes_wake(unsigned slot, bool is_news)
{
        struct node *node = &nodes.items[slot];

        if (!node->agent)
                return;
        set_wake(slot, clock_now());
        if (is_news)
                be_busy(node, NEWS_MS);
}

/* ---- Agents ---- */

void nodes_start_agent(unsigned slot)
{
        struct node *node = &nodes.items[slot];
        struct kt_agent_options options = { .node = node->name, .config = node->number, .api = node->url, .token = "" };
        struct kt_err e = { 0 };

        require(kt_agent_new(&options, &node->agent, &e), &e);
        require(kt_agent_tick(node->agent, &e), &e);
        node->wake_ms = -1;
        node->tick_ms = 0;
        set_wake(slot, clock_now());
        be_busy(node, DRIFT_MS);
}

void nodes_stop_agent(unsigned slot)
{
        struct node *node = &nodes.items[slot];

        kt_agent_free(node->agent);
        node->agent = NULL;
        server_hang_up(slot);
}

bool nodes_has_agent(unsigned slot)
{
        return nodes.items[slot].agent != NULL;
}

/* ---- Machines ---- */

void nodes_replace(unsigned slot)
{
        struct node *node = &nodes.items[slot];

        node->generation++;
        (void)snprintf(node->name, sizeof(node->name), "n%05u-%u", slot, node->generation); /* fits */
        machine_reset(slot);
}

const char *nodes_name(unsigned slot)
{
        return nodes.items[slot].name;
}

void nodes_drift(unsigned slot)
{
        machine_drift(slot);
        if (nodes.items[slot].agent)
                be_busy(&nodes.items[slot], DRIFT_MS);
}

void nodes_configure(unsigned slot)
{
        machine_configure(slot);
        if (!nodes.items[slot].agent)
                return;
        kt_agent_hint_config(nodes.items[slot].agent);
        be_busy(&nodes.items[slot], DRIFT_MS);
}

void nodes_start(unsigned count)
{
        machine_start(count);
        nodes.items = calloc(count, sizeof(*nodes.items));
        nodes.count = nodes.items ? count : 0;
        for (unsigned slot = 0; slot < nodes.count; slot++) {
                struct node *node = &nodes.items[slot];

                (void)snprintf(node->url, sizeof(node->url), "http://127.0.0.1:%u", slot + 1); /* curl.c reads it */
                (void)snprintf(node->number, sizeof(node->number), "%u", slot);                /* machine.c reads it */
                nodes_replace(slot);
        }
}

void nodes_stop(void)
{
        for (unsigned slot = 0; slot < nodes.count; slot++)
                nodes_stop_agent(slot);
        free(nodes.items);
        nodes.items = NULL;
        machine_stop();
}

unsigned nodes_count(void)
{
        return nodes.count;
}

bool nodes_is_settled(unsigned slot, const char **ret_why)
{
        const struct kt_agent *agent = nodes.items[slot].agent;

        *ret_why = !agent                                                                 ? "no agent runs"
                   : !kt_agent_is_published(agent)                                        ? "not all is sent"
                   : strcmp(server_label(slot), kt_agent_state(agent)->profile_hash) != 0 ? "the label is another"
                   : server_is_tainted(slot)                                              ? "the taint is there"
                   : !server_has_status(slot)                                             ? "there is no status"
                   : kt_agent_state(agent)->broker_count != (server_pod(slot) != 0)       ? "brokers are others"
                                                                                          : NULL;
        return *ret_why == NULL;
}

uint64_t nodes_logged(void)
{
        return machine_logged();
}
