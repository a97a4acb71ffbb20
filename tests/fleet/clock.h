/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of the simulation: what happens when, in order, with nothing in between; and its random numbers. */
#ifndef KT_TESTS_FLEET_CLOCK_H
#define KT_TESTS_FLEET_CLOCK_H

#include <stdint.h>

/* Milliseconds since the simulation began; what clock_gettime(2) says to the agents. */
int64_t clock_now(void);

/* act is called at that time, or now when that is past; things of the same time in the order in which they were asked
 * for. What is asked for cannot be taken back: act looks whether it still means something. */
void clock_at(int64_t when_ms, void (*act)(void *context, uint64_t value), void *context, uint64_t value);

/* Lets everything happen that is due until then. */
void clock_run(int64_t until_ms);

/* The same numbers in each run of the same seed. */
void clock_seed(uint64_t seed);
uint32_t clock_random(void);
/* Evenly spread over least..most. */
int64_t clock_between(int64_t least, int64_t most);

#endif
