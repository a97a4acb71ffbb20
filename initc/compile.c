/* SPDX-License-Identifier: Apache-2.0 */
/* server.properties, compiled. */
#include "initc/compile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "initc/checks.h"
#include "lib/kafka/schema.h"
#include "lib/text/num.h"
#include "lib/text/str.h"

enum {
        CLIENT_PORT = 9093, /* of the headless Service */
        CONTROLLER_PORT = 9094,
};

/* ---- our defaults ---- */

static void add_address(struct kt_str *out, const char *host, unsigned port)
{
        kt_str_addf(out, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

static bool is_kraft(const struct kt_compile *in)
{
        return in->spec->kafka.roles != 0;
}

static void node_id(const struct kt_compile *in, const struct kt_properties *list, struct kt_str *out)
{
        (void)list; /* follows from the pod alone */
        if (is_kraft(in) && in->identity)
                kt_str_addf(out, "%d", in->identity->node_id);
}

static void broker_id(const struct kt_compile *in, const struct kt_properties *list, struct kt_str *out)
{
        (void)list; /* follows from the pod alone */
        if (!is_kraft(in) && in->identity)
                kt_str_addf(out, "%d", in->identity->node_id);
}

static void process_roles(const struct kt_compile *in, const struct kt_properties *list, struct kt_str *out)
{
        unsigned roles = in->spec->kafka.roles;

        (void)list; /* follows from the spec alone */
        if (roles & KT_ROLE_BROKER)
                kt_str_add(out, "broker");
        if (roles & KT_ROLE_CONTROLLER)
                kt_str_add(out, roles & KT_ROLE_BROKER ? ",controller" : "controller");
}

static void log_dirs(const struct kt_compile *in, const struct kt_properties *list, struct kt_str *out)
{
        (void)list; /* follows from the volumes alone */
        if (!in->layout || in->layout->is_given)
                return;
        for (size_t i = 0; i < in->layout->count; i++)
                kt_str_addf(out, "%s%s", i ? "," : "", in->layout->items[i].path);
}

static void listeners(const struct kt_compile *in, const struct kt_properties *list, struct kt_str *out)
{
        const char *controller = kt_properties_get(list, "controller.listener.names");
        bool has_broker = !is_kraft(in) || in->spec->kafka.roles & KT_ROLE_BROKER;
        const char *client = kt_properties_get(list, "inter.broker.listener.name");

        if (has_broker)
                kt_str_addf(out, "%s://:%d", client ? client : "PLAINTEXT", CLIENT_PORT);
        if (in->spec->kafka.roles & KT_ROLE_CONTROLLER)
                kt_str_addf(out, "%s%.*s://:%d", has_broker ? "," : "", (int)strcspn(controller ? controller : "", ","),
                            controller ? controller : "", CONTROLLER_PORT);
}

static void controller_listener_names(const struct kt_compile *in, const struct kt_properties *list, struct kt_str *out)
{
        (void)list; /* one name, when the user gave none */
        if (is_kraft(in))
                kt_str_add(out, "CONTROLLER");
}

/* Only where a listener binds every address: what it is reached by has to be said then. */
static void advertised_listeners(const struct kt_compile *in, const struct kt_properties *list, struct kt_str *out)
{
        const char *value = kt_properties_get(list, "listeners");
        struct kt_listeners bound;
        char host[KT_HOST_NAME_MAX];
        bool is_needed = false;

        if (!value || !in->identity || kt_listeners_parse(value, &bound, NULL) < 0)
                return;
        for (size_t i = 0; i < bound.count; i++)
                is_needed = is_needed || kt_listener_is_wildcard(&bound.items[i]);
        if (!is_needed)
                return;

        (void)kt_identity_host(in->identity, in->identity->ordinal, host, sizeof(host)); /* returns its buffer */
        for (size_t i = 0; i < bound.count; i++) {
                const struct kt_listener *one = &bound.items[i];

                kt_str_addf(out, "%s%s://", i ? "," : "", one->name);
                add_address(out, kt_listener_is_wildcard(one) ? host : one->host, one->port);
        }
}

/* The controllers' way in: the first pod of the set, on the port where our own controller listens. Of a set of
 * brokers only nothing says where the controllers are. */
static void quorum_bootstrap(const struct kt_compile *in, const struct kt_properties *list, struct kt_str *out)
{
        struct kt_listener own = { .port = CONTROLLER_PORT };
        char host[KT_HOST_NAME_MAX];

        if (!(in->spec->kafka.roles & KT_ROLE_CONTROLLER) || kt_properties_get(list, "controller.quorum.voters") ||
            !in->identity)
                return;
        (void)kt_config_controller(in, list, &own); /* without one the port is our default */
        for (uint32_t i = 0; i < in->spec->kafka.controllers; i++) {
                bool is_me = i == in->identity->ordinal && own.host[0];

                kt_str_add(out, i ? "," : "");
                add_address(out, is_me ? own.host : kt_identity_host(in->identity, i, host, sizeof(host)), own.port);
        }
}

/* In the order in which they are found: a later one sees the earlier ones. */
const struct kt_default kt_defaults[] = {
        { "node.id", "KRaft", "the ordinal of the pod is the identity that stays with its volume", node_id },
        { "broker.id", "ZooKeeper mode", "the ordinal of the pod is the identity that stays with its volume",
          broker_id },
        { "process.roles", "KRaft", "said once, by kafka.roles", process_roles },
        { "log.dirs", "always", "on the volume, in a folder of its own: lost+found in a log dir kills the broker",
          log_dirs },
        { "controller.listener.names", "KRaft", "required, without a default since 4.2", controller_listener_names },
        { "listeners", "always", "9093 is the port of the headless Service, 9094 the controllers'", listeners },
        { "advertised.listeners", "where a listener binds every address",
          "clients are to be told the pod's own name in the headless Service", advertised_listeners },
        { "controller.quorum.bootstrap.servers", "KRaft controllers without controller.quorum.voters",
          "where a node finds the quorum: the first pods of the set, kafka.controllers of them", quorum_bootstrap },
};
const size_t kt_default_count = KT_COUNT(kt_defaults);

static int add_defaults(const struct kt_compile *in, struct kt_properties *list)
{
        for (size_t i = 0; i < kt_default_count; i++) {
                const struct kt_default *row = &kt_defaults[i];
                KT_AUTO_STR struct kt_str value = { 0 };
                int r;

                if (kt_properties_find(list, row->key))
                        continue;
                row->value(in, list, &value);
                r = kt_str_error(&value);
                if (r == 0 && value.len > 0)
                        r = kt_properties_set(list, row->key, kt_str_get(&value), KT_DEFAULT_SOURCE);
                if (r < 0)
                        return r;
        }
        return 0;
}

int kt_compile(const struct kt_compile *in, struct kt_properties *list, struct kt_findings *findings, struct kt_err *e)
{
        int r = in->identity ? add_defaults(in, list) : 0;

        if (r < 0)
                return kt_err_set(e, r, "put the properties together");

        kt_schema_check(in->version, list, in->spec->kafka.allow.items, in->spec->kafka.allow.count, findings);
        kt_checks_run(in, list, findings);
        if (findings->error < 0)
                return kt_err_set(e, findings->error, "check the properties");
        if (kt_findings_count(findings, KT_LEVEL_ERROR) > 0)
                return kt_err_set(e, -EINVAL, "the configuration has errors");
        return 0;
}
