/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait after a failure. */
#ifndef KT_DAEMONSET_BACKOFF_H
#define KT_DAEMONSET_BACKOFF_H

#include <stdint.h>

/* The longest wait doubles with each failure, from first_ms to most_ms. */
struct kt_backoff {
        int64_t first_ms;
        int64_t most_ms;
};

/* Pure: the wait after so many failures in a row, spread evenly over the upper half of the longest, so that many nodes
 * that failed together do not come back together. random is evenly spread over its type. 0 failures: 0. */
int64_t kt_backoff_ms(const struct kt_backoff *rule, unsigned failures, uint32_t random);

/* The same for what all nodes lose in the same moment, as the watches of a server that ends: the first wait is spread
 * evenly over all of 0..first_ms, so that no second has more of the nodes than any other. */
int64_t kt_backoff_return_ms(const struct kt_backoff *rule, unsigned failures, uint32_t random);

/* Evenly spread over 0..most_ms, pure. */
int64_t kt_backoff_spread_ms(int64_t most_ms, uint32_t random);

/* Random bits from the kernel, for the above. */
uint32_t kt_backoff_random(void);

#endif
