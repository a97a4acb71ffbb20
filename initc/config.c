/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's properties, read as the broker will read them. */
#include "initc/config.h"

#include "lib/kafka/schema.h"
#include "lib/text/num.h"

const char *kt_config_value(const struct kt_kafka_version *version, const struct kt_properties *list, const char *key)
{
        const char *value = kt_properties_get(list, key);
        const struct kt_schema_key *known;

        if (value)
                return value;
        known = kt_schema_find(version, key);
        return known && known->preset ? known->preset : "";
}

uint64_t kt_config_count(const struct kt_kafka_version *version, const struct kt_properties *list, const char *key,
                         uint64_t fallback)
{
        uint64_t value;

        return kt_num_parse_u64(kt_config_value(version, list, key), &value) == 0 ? value : fallback;
}

bool kt_config_controller(const struct kt_compile *in, const struct kt_properties *list, struct kt_listener *ret)
{
        static const char *const keys[] = { "advertised.listeners", "listeners" };
        const char *names = kt_config_value(in->version, list, "controller.listener.names");

        for (size_t k = 0; k < KT_COUNT(keys); k++) {
                struct kt_listeners listeners;

                if (kt_listeners_parse(kt_config_value(in->version, list, keys[k]), &listeners, NULL) < 0)
                        continue;
                for (size_t i = 0; i < listeners.count; i++) {
                        struct kt_listener *one = &listeners.items[i];

                        if (!kt_listener_is_named(names, one->name))
                                continue;
                        if (kt_listener_is_wildcard(one) && in->identity)
                                kt_identity_host(in->identity, in->identity->ordinal, one->host, sizeof(one->host));
                        *ret = *one;
                        return true;
                }
        }
        return false;
}
