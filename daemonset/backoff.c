/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait after a failure. */
#include "daemonset/backoff.h"

#include <sys/random.h>

int64_t kt_backoff_spread_ms(int64_t most_ms, uint32_t random)
{
        if (most_ms <= 0)
                return 0;
        return (int64_t)(((uint64_t)most_ms + 1) * random >> 32);
}

int64_t kt_backoff_ms(const struct kt_backoff *rule, unsigned failures, uint32_t random)
{
        int64_t longest = rule->first_ms;

        if (failures == 0)
                return 0;
        for (unsigned i = 1; i < failures && longest < rule->most_ms; i++)
                longest = longest > rule->most_ms / 2 ? rule->most_ms : longest * 2;
        if (longest > rule->most_ms)
                longest = rule->most_ms;

        return longest - kt_backoff_spread_ms(longest / 2, random);
}

int64_t kt_backoff_return_ms(const struct kt_backoff *rule, unsigned failures, uint32_t random)
{
        return failures == 1 ? kt_backoff_spread_ms(rule->first_ms, random) : kt_backoff_ms(rule, failures, random);
}

uint32_t kt_backoff_random(void)
{
        uint32_t bits = 0;

        /* Requests of up to 256 bytes are never cut short once the kernel has its entropy (getrandom(2)); before that a
         * wait that is not spread is better than one for entropy. */
        if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t)sizeof(bits))
                return 0;
        return bits;
}
