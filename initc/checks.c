/* SPDX-License-Identifier: Apache-2.0 */
/* Rules between properties, one row each. Sources: KafkaConfig.validateValues of the version, and docs of the
 * properties. */
#include "initc/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/kafka/listener.h"
#include "lib/kafka/schema.h"
#include "lib/text/num.h"
#include "lib/text/str.h"

struct context {
        const struct kt_compile *in;
        const struct kt_properties *list;
        struct kt_findings *findings;
};

static const char *value_of(const struct context *c, const char *key)
{
        return kt_config_value(c->in->version, c->list, key);
}

static void report(const struct context *c, enum kt_level level, const char *id, const char *key, const char *next,
                   const char *format, ...) KT_PRINTF(6, 7);

/* Adds a finding about a property, with the place where it was set; of ours and of what is missing: the file. */
static void report(const struct context *c, enum kt_level level, const char *id, const char *key, const char *next,
                   const char *format, ...)
{
        const struct kt_property *set = kt_properties_find(c->list, key);
        const char *source = set ? set->source : NULL;
        bool is_users = source && strcmp(source, KT_DEFAULT_SOURCE) != 0;
        const struct kt_finding head = { .level = level,
                                         .id = id,
                                         .key = key,
                                         .value = set ? set->value : NULL,
                                         .source = is_users ? source : c->in->spec->file,
                                         .next = next };
        va_list args;

        va_start(args, format);
        kt_findings_vadd(c->findings, &head, format, args);
        va_end(args);
}

/* log.dirs wins and log.dir is not even looked at: measured in 0.10.2, 3.9 and 4.3. */
static void check_log_dir(const struct context *c, const char *id)
{
        if (kt_properties_get(c->list, "log.dir") && kt_properties_get(c->list, "log.dirs"))
                report(c, KT_LEVEL_ERROR, id, "log.dir", "remove one of the two",
                       "'log.dir' has no effect beside log.dirs: the data goes to %s", value_of(c, "log.dirs"));
}

static void check_identity(const struct context *c, const char *id)
{
        static const char *const keys[] = { "node.id", "broker.id" };
        char ours[KT_NUM_TEXT_MAX];

        if (!c->in->identity)
                return;
        (void)snprintf(ours, sizeof(ours), "%d", c->in->identity->node_id); /* always fits */
        for (size_t i = 0; i < KT_COUNT(keys); i++) {
                const char *set = kt_properties_get(c->list, keys[i]);

                if (set && strcmp(set, ours) != 0)
                        report(c, KT_LEVEL_ERROR, id, keys[i],
                               "remove it, and set kafka.nodeId.base where ids start elsewhere",
                               "'%s' is %s, but this pod (%s) is node %s", keys[i], set, c->in->identity->pod, ours);
        }
}

static void check_roles(const struct context *c, const char *id)
{
        const char *roles = kt_properties_get(c->list, "process.roles");
        unsigned have = 0;

        if (!roles)
                return;
        have |= kt_listener_is_named(roles, "broker") ? KT_ROLE_BROKER : 0;
        have |= kt_listener_is_named(roles, "controller") ? KT_ROLE_CONTROLLER : 0;
        if (have != c->in->spec->kafka.roles)
                report(c, KT_LEVEL_ERROR, id, "process.roles", "remove it and set kafka.roles",
                       "'process.roles' is %s, which is not what kafka.roles says", roles);
}

static void check_quorum(const struct context *c, const char *id)
{
        const struct kt_property *voters = kt_properties_find(c->list, "controller.quorum.voters");
        const struct kt_property *servers = kt_properties_find(c->list, "controller.quorum.bootstrap.servers");

        if (voters && voters->value[0] && servers && servers->value[0])
                report(c, KT_LEVEL_ERROR, id, "controller.quorum.voters",
                       "keep controller.quorum.bootstrap.servers (dynamic quorum)",
                       "'controller.quorum.voters' and controller.quorum.bootstrap.servers are two ways to one quorum");
        if (c->in->spec->kafka.roles != 0 && !(voters && voters->value[0]) && !(servers && servers->value[0]))
                report(c, KT_LEVEL_ERROR, id, "controller.quorum.bootstrap.servers",
                       "set it to the controllers' addresses: controller-0.controller:9094",
                       "'controller.quorum.bootstrap.servers' is not set: nothing says where the controllers are");
}

static void check_zookeeper(const struct context *c, const char *id)
{
        if (c->in->spec->kafka.roles == 0 && value_of(c, "zookeeper.connect")[0] == '\0')
                report(c, KT_LEVEL_ERROR, id, "zookeeper.connect",
                       "set it: zk-0.zk:2181,zk-1.zk:2181,zk-2.zk:2181; or set kafka.roles for KRaft",
                       "'zookeeper.connect' is not set, and without kafka.roles the broker runs in ZooKeeper mode");
}

/* Parses a listener property; a value that is none is reported once, here. */
static bool read_listeners(const struct context *c, const char *key, const char *id, struct kt_listeners *ret)
{
        struct kt_err e = { 0 };

        ret->count = 0;
        if (kt_listeners_parse(value_of(c, key), ret, &e) == 0)
                return true;
        report(c, KT_LEVEL_ERROR, id, key, NULL, "'%s': %s", key, e.text);
        return false;
}

static void check_advertised(const struct context *c, const char *id)
{
        struct kt_listeners bound;
        struct kt_listeners told;

        if (!read_listeners(c, "listeners", id, &bound) || !read_listeners(c, "advertised.listeners", id, &told))
                return;
        for (size_t i = 0; i < told.count; i++) {
                const struct kt_listener *one = &told.items[i];

                if (strcmp(one->host, "0.0.0.0") == 0)
                        report(c, KT_LEVEL_ERROR, id, "advertised.listeners",
                               "leave it out: the pod's own name is the default",
                               "'advertised.listeners' tells clients 0.0.0.0, which is no address to connect to");
                if (bound.count > 0 && !kt_listeners_find(&bound, one->name))
                        report(c, KT_LEVEL_ERROR, id, "advertised.listeners", "use the names of listeners",
                               "'advertised.listeners' names %s, which is none of the listeners", one->name);
        }
}

static void check_controller_listener(const struct context *c, const char *id)
{
        const char *names = value_of(c, "controller.listener.names");
        unsigned roles = c->in->spec->kafka.roles;
        struct kt_listeners bound = { .count = 0 };
        size_t controllers = 0;

        if (roles == 0 || kt_listeners_parse(value_of(c, "listeners"), &bound, NULL) < 0)
                return;
        for (size_t i = 0; i < bound.count; i++)
                controllers += kt_listener_is_named(names, bound.items[i].name);

        if (roles & KT_ROLE_CONTROLLER && controllers == 0)
                report(c, KT_LEVEL_ERROR, id, "controller.listener.names",
                       "add it to listeners, for example CONTROLLER://:9094",
                       "'controller.listener.names' is %s, which is none of the listeners", names);
        if (roles == KT_ROLE_BROKER && controllers > 0)
                report(c, KT_LEVEL_ERROR, id, "listeners", "remove the controller's listener",
                       "'listeners' of a node that is only a broker holds the controllers' listener");
        if (roles == KT_ROLE_CONTROLLER && controllers < bound.count)
                report(c, KT_LEVEL_ERROR, id, "listeners", "remove the others",
                       "'listeners' of a node that is only a controller holds others than the controllers'");
}

static void check_service(const struct context *c, const char *id)
{
        const struct kt_property *told = kt_properties_find(c->list, "advertised.listeners");

        if (told && told->source && strcmp(told->source, KT_DEFAULT_SOURCE) == 0 && !c->in->spec->kafka.service)
                report(c, KT_LEVEL_WARNING, id, "advertised.listeners",
                       "set kafka.service to the headless Service's name",
                       "kafka.service is not set: others cannot resolve %s", told->value);
}

static void check_unclean_election(const struct context *c, const char *id)
{
        const char *key = "unclean.leader.election.enable";
        const struct kt_schema_key *known = kt_schema_find(c->in->version, key);
        bool is_preset = known && known->preset && strcmp(known->preset, "true") == 0;

        if (strcmp(value_of(c, key), "true") == 0)
                report(c, KT_LEVEL_WARNING, id, "unclean.leader.election.enable",
                       is_preset ? "set it to false" : "remove it",
                       "'unclean.leader.election.enable' is true and can lose acknowledged data (default false since 0.11)");
}

static void check_inter_broker_listener(const struct context *c, const char *id)
{
        const struct kt_property *set = kt_properties_find(c->list, "inter.broker.listener.name");
        struct kt_listeners bound;

        if (!set || kt_listeners_parse(value_of(c, "listeners"), &bound, NULL) < 0 || bound.count == 0)
                return;
        if (!kt_listeners_find(&bound, set->value))
                report(c, KT_LEVEL_ERROR, id, "inter.broker.listener.name", "name one of listeners",
                       "'inter.broker.listener.name' is %s, which is none of the listeners", set->value);
}

static void check_cleaner_buffer(const struct context *c, const char *id)
{
        uint64_t buffer = kt_config_count(c->in->version, c->list, "log.cleaner.dedupe.buffer.size", UINT64_MAX);
        uint64_t threads = kt_config_count(c->in->version, c->list, "log.cleaner.threads", 1);

        if (threads > 0 && buffer / threads <= 1 << 20)
                report(c, KT_LEVEL_ERROR, id, "log.cleaner.dedupe.buffer.size",
                       "give each cleaner thread more than 1 MiB",
                       "'log.cleaner.dedupe.buffer.size' is %llu for %llu threads: not more than 1 MiB each",
                       (unsigned long long)buffer, (unsigned long long)threads);
}

/* left <= right, for two numbers; -1 on either side is "no limit" and passes. */
struct relation {
        const char *left;
        const char *right;
        const char *why;
};

static const struct relation relations[] = {
        { "replica.fetch.wait.max.ms", "replica.socket.timeout.ms", "followers would time out while the leader waits" },
        { "replica.fetch.wait.max.ms", "replica.lag.time.max.ms",
          "followers of quiet topics would fall out of the ISR" },
        { "group.min.session.timeout.ms", "group.max.session.timeout.ms", "no session timeout would be left" },
        { "socket.request.max.bytes", "queued.max.request.bytes", "a single request could never be queued" },
};

static void check_relations(const struct context *c, const char *id)
{
        for (size_t i = 0; i < KT_COUNT(relations); i++) {
                const struct relation *row = &relations[i];
                const struct kt_property *left = kt_properties_find(c->list, row->left);
                const struct kt_property *right = kt_properties_find(c->list, row->right);
                uint64_t a = kt_config_count(c->in->version, c->list, row->left, 0);
                uint64_t b = kt_config_count(c->in->version, c->list, row->right, UINT64_MAX);

                if ((left || right) && a > b)
                        report(c, KT_LEVEL_ERROR, id, left ? row->left : row->right, NULL,
                               "'%s' (%s) is more than %s (%s): %s", row->left, value_of(c, row->left), row->right,
                               value_of(c, row->right), row->why);
        }
}

static const struct {
        const char *id;
        void (*check)(const struct context *c, const char *id);
} rules[] = {
        { "log-dir-shadowed", check_log_dir },
        { "node-id", check_identity },
        { "process-roles", check_roles },
        { "quorum", check_quorum },
        { "zookeeper-connect", check_zookeeper },
        { "advertised-listeners", check_advertised },
        { "controller-listener", check_controller_listener },
        { "inter-broker-listener", check_inter_broker_listener },
        { "service", check_service },
        { "unclean-election", check_unclean_election },
        { "cleaner-buffer", check_cleaner_buffer },
        { "relation", check_relations },
};

void kt_checks_run(const struct kt_compile *in, const struct kt_properties *list, struct kt_findings *findings)
{
        const struct context context = { .in = in, .list = list, .findings = findings };

        for (size_t i = 0; i < KT_COUNT(rules); i++)
                rules[i].check(&context, rules[i].id);
}
