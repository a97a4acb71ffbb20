/* SPDX-License-Identifier: Apache-2.0 */
/* Looks properties up in the schema tables and checks whole lists of them. */
#include "lib/kafka/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/text/suggest.h"

enum {
        SHOWN_MAX = 80, /* bytes of a value that a message repeats */
        HINT_MAX = 512, /* a cut hint is still one */
};

/* A name, or with a '*' behind it everything that begins with it; and what there is to know about it. */
struct name_row {
        const char *name;
        const char *text;
};

/* Names that some version knows and a later one does not: what to do instead. */
static const struct name_row replacements[] = {
        { "advertised.host.name", "use advertised.listeners" },
        { "advertised.port", "use advertised.listeners" },
        { "alter.config.policy.kraft.compatibility.enable", "KRaft's behaviour is the only one left" },
        { "auto.include.jmx.reporter", "list org.apache.kafka.common.metrics.JmxReporter in metric.reporters" },
        { "broker.id.generation.enable", "every node needs its own node.id" },
        { "control.plane.listener.name", "KRaft has controller.listener.names" },
        { "controlled.shutdown.*", "KRaft brokers shut down through their heartbeats" },
        { "delegation.token.master.key", "use delegation.token.secret.key" },
        { "eligible.leader.replicas.enable", "it is the feature eligible.leader.replicas.version now" },
        { "group.coordinator.new.enable", "the new group coordinator is the only one left" },
        { "group.share.enable", "it is the feature share.version now" },
        { "host.name", "use listeners" },
        { "inter.broker.protocol.version", "KRaft has the feature metadata.version" },
        { "leader.imbalance.per.broker.percentage", "KRaft moves every leader back to its preferred replica" },
        { "log.message.downconversion.enable", "there is no older message format left to convert to" },
        { "log.message.format.version", "new messages always have the newest format" },
        { "log.message.timestamp.difference.max.ms",
          "use log.message.timestamp.before.max.ms and log.message.timestamp.after.max.ms" },
        { "offsets.commit.required.acks", "offset commits always wait for the in-sync replicas" },
        { "password.encoder.*", "KRaft does not encrypt passwords in its metadata" },
        { "port", "use listeners" },
        { "quota.consumer.default", "set consumer_byte_rate as the default quota with kafka-configs" },
        { "quota.producer.default", "set producer_byte_rate as the default quota with kafka-configs" },
        { "reserved.broker.max.id", "every node needs its own node.id" },
        { "zookeeper.connect", "KRaft needs controller.quorum.bootstrap.servers" },
        { "zookeeper.metadata.migration.*", "migrate to KRaft with 3.9 first" },
        { "zookeeper.sync.time.ms", "nothing reads it any more" },
        { "zookeeper.*", "KRaft has no ZooKeeper" },
};

/* Legal names that no ConfigDef lists, and who reads them. */
static const struct name_row open_names[] = {
        { "allow.everyone.if.no.acl.found", "authorizers" },
        { "authorizer.zookeeper.*", "AclAuthorizer of ZooKeeper mode" },
        { "client.quota.callback.*", "client.quota.callback.class" },
        { "config.providers", "AbstractConfig; in the ConfigDef only since 4.2" },
        { "config.providers.*", "AbstractConfig" },
        { "kafka.csv.metrics.*", "KafkaCSVMetricsReporter" },
        { "kafka.metrics.polling.interval.secs", "kafka.metrics.reporters" },
        { "kafka.metrics.reporters", "KafkaMetricsReporter; in the ConfigDef only since 3.0" },
        { "metrics.context.*", "MetricsContext" },
        { "metrics.jmx.*", "JmxReporter" },
        { "rlmm.config.*", "RemoteLogMetadataManager" },
        { "rsm.config.*", "RemoteStorageManager" },
        { "super.users", "authorizers" },
};

/* What a listener may have of its own behind "listener.name.<listener>." or "listener.name.<listener>.<mechanism>.". */
static const struct name_row listener_names[] = {
        { "connections.max.reauth.ms", "SaslChannelBuilder" },
        { "max.connection.creation.rate", "ConnectionQuotas" },
        { "max.connections", "ConnectionQuotas" },
        { "num.network.threads", "SocketServer" },
        { "principal.builder.class", "ChannelBuilders" },
        { "sasl.*", "SaslChannelBuilder" },
        { "ssl.*", "SslChannelBuilder" },
};

/* Words in the names of properties of plugins whose values are nobody's business. */
static const char *const secret_words[] = {
        "password", "passwd",  "passphrase", "secret",       "jaas",        "credential",
        "token",    "api.key", "access.key", "keystore.key", "private.key", "user.info",
};

static const struct name_row *find_name(const struct name_row *rows, size_t count, const char *name)
{
        for (size_t i = 0; i < count; i++) {
                size_t len = strlen(rows[i].name);
                bool is_prefix = rows[i].name[len - 1] == '*';

                if (is_prefix ? strncmp(rows[i].name, name, len - 1) == 0 : strcmp(rows[i].name, name) == 0)
                        return &rows[i];
        }
        return NULL;
}

/* ---- Lookup ---- */

/* Index of the first row of name, or kt_schema_key_count. */
static size_t first_row(const char *name)
{
        size_t low = 0;
        size_t high = kt_schema_key_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(kt_schema_keys[middle].name, name) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low < kt_schema_key_count && strcmp(kt_schema_keys[low].name, name) == 0)
                return low;
        return kt_schema_key_count;
}

static bool row_has_name(size_t row, const char *name)
{
        return row < kt_schema_key_count && strcmp(kt_schema_keys[row].name, name) == 0;
}

const struct kt_schema_key *kt_schema_find(const struct kt_kafka_version *version, const char *name)
{
        for (size_t i = first_row(name); row_has_name(i, name); i++)
                if (kt_schema_keys[i].versions & (UINT32_C(1) << version->schema_bit))
                        return &kt_schema_keys[i];
        return NULL;
}

/* The bits of all versions that have name. */
static uint32_t versions_of(const char *name)
{
        uint32_t versions = 0;

        for (size_t i = first_row(name); row_has_name(i, name); i++)
                versions |= kt_schema_keys[i].versions;
        return versions;
}

/* What of a listener's own property stands for the bare one: "ssl.key.password" of "listener.name.a.ssl.key.password";
 * NULL when name is no such thing. Listener names have no dots, as ListenerName's own prefixes could not have them. */
static const char *listener_key(const char *name)
{
        static const char prefix[] = "listener.name.";
        const char *rest;
        const char *dot;

        if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
                return NULL;
        dot = strchr(name + sizeof(prefix) - 1, '.');
        if (!dot || dot == name + sizeof(prefix) - 1)
                return NULL;

        rest = dot + 1;
        if (find_name(listener_names, KT_COUNT(listener_names), rest))
                return rest;
        dot = strchr(rest, '.');
        return dot && find_name(listener_names, KT_COUNT(listener_names), dot + 1) ? dot + 1 : NULL;
}

bool kt_schema_is_open_ended(const char *name)
{
        return listener_key(name) || find_name(open_names, KT_COUNT(open_names), name);
}

const char *kt_schema_suggest(const struct kt_kafka_version *version, const char *name)
{
        const char *best = NULL;
        size_t distance = 0;

        for (size_t i = 0; i < kt_schema_key_count; i++)
                if (kt_schema_keys[i].versions & (UINT32_C(1) << version->schema_bit) && !kt_schema_keys[i].is_internal)
                        kt_suggest_consider(name, kt_schema_keys[i].name, &best, &distance);
        return best;
}

const char *kt_schema_replacement(const char *name)
{
        const struct name_row *row = find_name(replacements, KT_COUNT(replacements), name);

        return row ? row->text : NULL;
}

static const struct kt_kafka_version *version_of_bit(int bit)
{
        for (size_t i = 0; bit >= 0 && i < kt_kafka_version_count; i++)
                if (kt_kafka_versions[i].schema_bit == (unsigned)bit)
                        return &kt_kafka_versions[i];
        return NULL;
}

/* ---- Secrets ---- */

/* Whether any version's row of name is a password; a name without rows is none. */
static bool has_password_row(const char *name)
{
        for (size_t i = first_row(name); row_has_name(i, name); i++)
                if (kt_schema_keys[i].type == KT_SCHEMA_PASSWORD)
                        return true;
        return false;
}

bool kt_schema_is_secret(const struct kt_kafka_version *version, const char *name)
{
        const char *bare = listener_key(name);
        const char *near;

        if (!bare)
                bare = name;
        if (versions_of(bare))
                return has_password_row(bare);

        near = kt_schema_suggest(version, bare);
        if (near && has_password_row(near))
                return true;
        for (size_t i = 0; i < KT_COUNT(secret_words); i++)
                if (strcasestr(name, secret_words[i]))
                        return true;
        return false;
}

/* ---- Checking a list ---- */

static const char hidden[] = "[hidden]"; /* org.apache.kafka.common.config.types.Password.HIDDEN */

/* One property on its way through the checks, and where findings about it go. */
struct check {
        const struct kt_kafka_version *version;
        const struct kt_property *property;
        struct kt_finding head;
        struct kt_findings *findings;
        char shown[SHOWN_MAX + sizeof("'...'")];
};

static void start_check(struct check *check, const struct kt_property *property)
{
        bool is_secret = kt_schema_is_secret(check->version, property->key);

        check->property = property;
        check->head = (struct kt_finding){
                .level = KT_LEVEL_ERROR,
                .key = property->key,
                .value = is_secret ? hidden : property->value,
                .source = property->source,
        };
}

/* How many bytes of value a message repeats: all, or as many whole UTF-8 characters as there is room for. */
static size_t shown_len(const char *value)
{
        size_t len = strnlen(value, SHOWN_MAX + 1);

        if (len <= SHOWN_MAX)
                return len;

        len = SHOWN_MAX;
        while (len > 0 && ((unsigned char)value[len] & 0xc0) == 0x80)
                len--;
        return len;
}

/* The value as a message repeats it: a number as it is, everything else in quotes, cut and without control bytes. */
static const char *show_value(struct check *check)
{
        const char *value = check->head.value;
        size_t len = shown_len(value);
        bool is_number = *value && value[strspn(value, "+-.0123456789")] == '\0';
        const char *quote = is_number || strcmp(value, hidden) == 0 ? "" : "'";
        int n = snprintf(check->shown, sizeof(check->shown), "%s%.*s%s%s", quote, (int)len, value,
                         value[len] ? "..." : "", quote);

        for (int i = 0; i < n; i++)
                if (iscntrl((unsigned char)check->shown[i]))
                        check->shown[i] = ' ';
        return check->shown;
}

static void check_value(struct check *check, const struct kt_schema_key *key)
{
        const char *preset = key->type == KT_SCHEMA_PASSWORD ? NULL : key->preset;
        char why[HINT_MAX];
        char next[HINT_MAX];

        if (kt_schema_accepts(key, check->property->value, why, sizeof(why)))
                return;

        (void)snprintf(next, sizeof(next), "correct it%s%s",
                       preset && *preset ? ", or leave it out for Kafka's default " : "",
                       preset ? preset : ""); /* may be cut */
        check->head.id = "bad-value";
        check->head.next = next;
        kt_findings_add(check->findings, &check->head, "'%s' is %s, %s", check->property->key, show_value(check), why);
}

/* name is in earlier versions only; last is the newest of them. */
static void report_removed(struct check *check, const struct kt_kafka_version *last)
{
        const char *name = check->property->key;
        const char *instead = kt_schema_replacement(name);
        const struct kt_kafka_version *gone = version_of_bit((int)last->schema_bit + 1);
        /* Between 0.10.2 and 3.9 there are releases without a row. */
        const char *by = last->schema_bit == 0 ? "by " : "in ";

        check->head.id = "removed-property";
        check->head.next = instead ? instead : "delete it";
        kt_findings_add(check->findings, &check->head, "'%s' was removed %s%s%s%s", name, by, gone ? gone->name : "?",
                        instead ? "; " : "", instead ? instead : "");
}

/* Other versions have name, this one has not: it came later, or in a later patch release of this one. */
static void report_elsewhere(struct check *check, uint32_t versions)
{
        char next[HINT_MAX] = "delete it, or run Kafka "; /* and which ones: far less than there is room for */
        const size_t start = strlen(next);
        size_t len = start;

        for (size_t i = 0; i < kt_kafka_version_count && len < sizeof(next); i++)
                if (versions & (UINT32_C(1) << kt_kafka_versions[i].schema_bit))
                        len += (size_t)snprintf(next + len, sizeof(next) - len, "%s%s", len > start ? ", " : "",
                                                kt_kafka_versions[i].patch);
        check->head.id = "property-of-other-version";
        check->head.next = next;
        kt_findings_add(check->findings, &check->head, "'%s' is no property of Kafka %s but of %s",
                        check->property->key, check->version->patch, next + start);
}

/* No version has name. */
static void report_unknown(struct check *check)
{
        const char *suggestion = kt_schema_suggest(check->version, check->property->key);
        char next[HINT_MAX] = "delete it, or list its prefix under kafka.allow when a plugin reads it";

        if (suggestion)
                (void)snprintf(next, sizeof(next), "write %s", suggestion); /* may be cut */
        check->head.id = "unknown-property";
        check->head.next = next;
        kt_findings_add(check->findings, &check->head, "'%s' is no property of Kafka %s%s%s%s", check->property->key,
                        check->version->name, suggestion ? "; did you mean " : "", suggestion ? suggestion : "",
                        suggestion ? "?" : "");
}

/* A listener's own property whose bare part is nearly a known one. Plugins may have their own, further off. */
static void report_listener_typo(struct check *check, const char *bare, const char *suggestion)
{
        const char *name = check->property->key;
        char next[HINT_MAX];

        (void)snprintf(next, sizeof(next), "write %.*s%s", (int)(bare - name), name, suggestion); /* may be cut */
        check->head.id = "unknown-property";
        check->head.next = next;
        kt_findings_add(check->findings, &check->head, "'%s' is no property of Kafka %s; did you mean %.*s%s?", name,
                        check->version->name, (int)(bare - name), name, suggestion);
}

/* ListenerName.configPrefix and saslMechanismConfigPrefix look the lower-case name up; another spelling is not read. */
static bool has_capital(const char *text, const char *end)
{
        for (; text < end; text++)
                if (isupper((unsigned char)*text))
                        return true;
        return false;
}

/* bare: the part of the name that the schema may know. */
static void check_listener_key(struct check *check, const char *bare)
{
        const char *name = check->property->key;
        const struct kt_schema_key *key = kt_schema_find(check->version, bare);
        const char *suggestion = key ? NULL : kt_schema_suggest(check->version, bare);

        if (has_capital(name, bare)) {
                check->head.id = "listener-in-capitals";
                check->head.next = "write the listener and the mechanism in lower case";
                kt_findings_add(check->findings, &check->head, "'%s' is never read: Kafka looks for it in lower case",
                                name);
        }
        if (key)
                check_value(check, key);
        else if (suggestion)
                report_listener_typo(check, bare, suggestion);
}

static bool is_allowed(const char *name, char *const *allow, size_t allow_count)
{
        for (size_t i = 0; i < allow_count; i++)
                if (*allow[i] && strncmp(name, allow[i], strlen(allow[i])) == 0)
                        return true;
        return false;
}

static void check_unlisted(struct check *check)
{
        const char *name = check->property->key;
        const char *bare = listener_key(name);
        uint32_t versions = versions_of(name);
        const struct kt_kafka_version *last = version_of_bit(versions ? 31 - __builtin_clz(versions) : -1);

        if (bare)
                check_listener_key(check, bare);
        else if (kt_schema_is_open_ended(name))
                return;
        else if (last && last->schema_bit < check->version->schema_bit)
                report_removed(check, last);
        else if (last)
                report_elsewhere(check, versions);
        else
                report_unknown(check);
}

void kt_schema_check(const struct kt_kafka_version *version, const struct kt_properties *list, char *const *allow,
                     size_t allow_count, struct kt_findings *findings)
{
        struct check check = { .version = version, .findings = findings };

        for (size_t i = 0; i < list->count; i++) {
                const struct kt_schema_key *key = kt_schema_find(version, list->items[i].key);

                start_check(&check, &list->items[i]);
                if (key)
                        check_value(&check, key);
                else if (!is_allowed(list->items[i].key, allow, allow_count))
                        check_unlisted(&check);
        }
}
