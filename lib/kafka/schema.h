/* SPDX-License-Identifier: Apache-2.0 */
/* Broker properties of each Kafka version: names, types, defaults and allowed values, extracted from the releases' own
 * ConfigDef (tools/schema). Kafka itself accepts unknown and misspelt keys without a word; we do not. */
#ifndef KT_KAFKA_SCHEMA_H
#define KT_KAFKA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/kafka/properties.h"
#include "lib/kafka/version.h"
#include "lib/text/finding.h"

/* ConfigDef.Type */
enum kt_schema_type {
        KT_SCHEMA_BOOLEAN,
        KT_SCHEMA_STRING,
        KT_SCHEMA_INT,
        KT_SCHEMA_SHORT,
        KT_SCHEMA_LONG,
        KT_SCHEMA_DOUBLE,
        KT_SCHEMA_LIST,
        KT_SCHEMA_CLASS,
        KT_SCHEMA_PASSWORD,
        KT_SCHEMA_TYPE_COUNT_
};

/* One property as it is in all the versions whose bit is set; a property that changed has several rows. */
struct kt_schema_key {
        const char *name;
        uint32_t versions; /* bit n: kt_kafka_version.schema_bit */
        enum kt_schema_type type;
        const char *preset;    /* default as text; NULL: required or null, see is_required */
        const char *validator; /* normalised: "[1,...]", "in [a, b]", "list of [a, b], non-empty", ...; NULL: none */
        bool is_required;
        bool is_internal;
};

/* All rows, sorted by name and then by first version (schema_tables.c, generated). */
extern const struct kt_schema_key kt_schema_keys[];
extern const size_t kt_schema_key_count;

/* The row of name in that version, or NULL. */
const struct kt_schema_key *kt_schema_find(const struct kt_kafka_version *version, const char *name);

/* Names that are legal though no ConfigDef lists them: listener.name.*, config.providers.*, plugin prefixes ... */
bool kt_schema_is_open_ended(const char *name);

/* The nearest name of that version, or NULL; static. */
const char *kt_schema_suggest(const struct kt_kafka_version *version, const char *name);

/* What replaced a property that other versions had and this one has not: "use node.id", static; NULL: nothing known. */
const char *kt_schema_replacement(const char *name);

/* Checks one value: type, range, choice. True when it is fine; otherwise why[] says "must be at least 1". A value
 * with a config provider's placeholder ("${") is fine, it is resolved by the broker. */
bool kt_schema_accepts(const struct kt_schema_key *key, const char *value, char *why, size_t size);

/* Values of these must never be printed: passwords, JAAS configurations, keys. By type or, for other names, by name. */
bool kt_schema_is_secret(const struct kt_kafka_version *version, const char *name);

/* All single-key checks of a whole list: unknown names (with suggestion, or "was removed in" with the replacement),
 * types and ranges. allow: prefixes that may be unknown. Findings carry key, value ("[hidden]" for secrets), source,
 * next. */
void kt_schema_check(const struct kt_kafka_version *version, const struct kt_properties *list, char *const *allow,
                     size_t allow_count, struct kt_findings *findings);

#endif
