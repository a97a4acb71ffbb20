/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes: a machine whose values somebody may change, and its agent, with the turns that daemonset/loop.c would
 * give it. */
#ifndef KT_TESTS_FLEET_NODES_H
#define KT_TESTS_FLEET_NODES_H

#include <stdbool.h>
#include <stdint.h>

void nodes_start(unsigned count);
void nodes_stop(void);
unsigned nodes_count(void);

/* The agent of that node starts, and ends. */
void nodes_start_agent(unsigned slot);
void nodes_stop_agent(unsigned slot);
bool nodes_has_agent(unsigned slot);

/* Something has come for that agent: it gets a turn at once, and rounds as if it were watched. */
void nodes_wake(unsigned slot, bool is_news);

/* Another machine in that slot, under another name; and what that name is. */
void nodes_replace(unsigned slot);
const char *nodes_name(unsigned slot);

/* Somebody sets a value of the machine otherwise. */
void nodes_drift(unsigned slot);
/* Another kafka.yaml comes to the machine. */
void nodes_configure(unsigned slot);

/* The server holds what the agent wants: all is sent, and the label says what the agent's profile is. Otherwise *ret_why
 * says what is missing. */
bool nodes_is_settled(unsigned slot, const char **ret_why);

/* Lines that the agents have logged so far. */
uint64_t nodes_logged(void);

#endif
