/* SPDX-License-Identifier: Apache-2.0 */
/* A machine as tuner/tuner.h shows it to the agent: some rows, their values, and the process of a broker. */
#ifndef KT_TESTS_FLEET_MACHINE_H
#define KT_TESTS_FLEET_MACHINE_H

#include <stdint.h>

void machine_start(unsigned slots);
void machine_stop(void);

/* A new machine, with no value as it should be. */
void machine_reset(unsigned slot);
/* Somebody sets one of its values otherwise. */
void machine_drift(unsigned slot);
/* Another kafka.yaml comes, which wants another value. */
void machine_configure(unsigned slot);

/* Lines that were logged so far. */
uint64_t machine_logged(void);

#endif
