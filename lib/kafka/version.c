/* SPDX-License-Identifier: Apache-2.0 */
/* The known Kafka versions. */
#include "lib/kafka/version.h"

#include <errno.h>
#include <string.h>

/* Features are what StorageTool of that patch release writes without -r or --feature; a level of 0 is not written. */
const struct kt_kafka_version kt_kafka_versions[] = {
        {
                .name = "0.10.2",
                .patch = "0.10.2.0",
                .schema_bit = 0,
                .has_zookeeper = true,
        },
        {
                .name = "3.9",
                .patch = "3.9.2",
                .schema_bit = 1,
                .has_zookeeper = true,
                .has_kraft = true,
                .has_bootstrap_checkpoint = true,
                .features = { { "metadata.version", 21 } },
        },
        {
                .name = "4.0",
                .patch = "4.0.2",
                .schema_bit = 2,
                .has_kraft = true,
                .has_bootstrap_checkpoint = true,
                .features = { { "metadata.version", 25 }, { "group.version", 1 }, { "transaction.version", 2 } },
        },
        {
                .name = "4.1",
                .patch = "4.1.2",
                .schema_bit = 3,
                .has_kraft = true,
                .has_bootstrap_checkpoint = true,
                .features = {
                        { "metadata.version", 27 },
                        { "eligible.leader.replicas.version", 1 },
                        { "group.version", 1 },
                        { "transaction.version", 2 },
                },
        },
        {
                .name = "4.2",
                .patch = "4.2.2",
                .schema_bit = 4,
                .has_kraft = true,
                .has_bootstrap_checkpoint = true,
                .features = {
                        { "metadata.version", 29 },
                        { "eligible.leader.replicas.version", 1 },
                        { "group.version", 1 },
                        { "share.version", 1 },
                        { "streams.version", 1 },
                        { "transaction.version", 2 },
                },
        },
        {
                .name = "4.3",
                .patch = "4.3.1",
                .schema_bit = 5,
                .has_kraft = true,
                .has_bootstrap_checkpoint = true,
                .features = {
                        { "metadata.version", 30 },
                        { "eligible.leader.replicas.version", 1 },
                        { "group.version", 1 },
                        { "share.version", 1 },
                        { "streams.version", 1 },
                        { "transaction.version", 2 },
                },
        },
        {
                .name = "4.4",
                .patch = "4.4.0",
                .schema_bit = 6,
                .has_kraft = true,
                .features = {
                        { "metadata.version", 33 },
                        { "eligible.leader.replicas.version", 1 },
                        { "group.version", 1 },
                        { "share.version", 2 },
                        { "streams.version", 1 },
                        { "transaction.version", 2 },
                },
        },
};
const size_t kt_kafka_version_count = KT_COUNT(kt_kafka_versions);

/* True for "" and for ".7": what may follow the name of a minor release. */
static bool is_patch_suffix(const char *text)
{
        enum { DIGITS_MAX = 4 };
        size_t digits;

        if (text[0] == '\0')
                return true;
        if (text[0] != '.')
                return false;

        digits = strspn(text + 1, "0123456789");
        return digits > 0 && digits <= DIGITS_MAX && text[1 + digits] == '\0';
}

const struct kt_kafka_version *kt_kafka_version_find(const char *text)
{
        for (size_t i = 0; i < kt_kafka_version_count; i++) {
                size_t len = strlen(kt_kafka_versions[i].name);

                if (strncmp(text, kt_kafka_versions[i].name, len) == 0 && is_patch_suffix(text + len))
                        return &kt_kafka_versions[i];
        }
        return NULL;
}

void kt_kafka_version_add_names(struct kt_str *out)
{
        for (size_t i = 0; i < kt_kafka_version_count; i++)
                kt_str_addf(out, "%s%s", i > 0 ? ", " : "", kt_kafka_versions[i].name);
}

int kt_kafka_version_refuse(const char *text, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str known = { 0 };

        kt_kafka_version_add_names(&known);
        return kt_err_set(e, -EINVAL, "Kafka %s is not known; known are: %s", text, kt_str_get(&known));
}
