/* SPDX-License-Identifier: Apache-2.0 */
/* Properties from the spec and the environment. */
#include "initc/sources.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/text/str.h"

#define PREFIX_PLAIN   "KAFKA_"
#define PREFIX_BITNAMI "KAFKA_CFG_"

/* What start scripts and images read themselves (apache/kafka 4.3 docker/README, bin/kafka-run-class.sh). */
static const char *const script_names[] = {
        "KAFKA_HEAP_OPTS",
        "KAFKA_JVM_PERFORMANCE_OPTS",
        "KAFKA_GC_LOG_OPTS",
        "KAFKA_JMX_OPTS",
        "KAFKA_JMX_PORT",
        "KAFKA_JMX_HOSTNAME",
        "KAFKA_LOG4J_OPTS",
        "KAFKA_LOG4J_LOGGERS",
        "KAFKA_LOG4J_CMD_OPTS",
        "KAFKA_LOG4J_ROOT_LOGLEVEL",
        "KAFKA_TOOLS_LOG4J_LOGLEVEL",
        "KAFKA_OPTS",
        "KAFKA_VERSION",
        "KAFKA_HOME",
        "KAFKA_DEBUG",
        "KAFKA_CLUSTER_ID",
        "KAFKA_KRAFT_CLUSTER_ID",
};

int kt_sources_add_spec(const struct kt_spec *spec, struct kt_properties *list)
{
        for (size_t i = 0; i < spec->kafka.properties.count; i++) {
                const struct kt_spec_pair *pair = &spec->kafka.properties.items[i];
                KT_AUTO_FREE char *source = kt_str_make("%s:%u:%u", spec->file, pair->line, pair->column);
                int r;

                if (!source)
                        return -ENOMEM;
                r = kt_properties_set(list, pair->key, pair->value, source);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool is_script_name(const char *name)
{
        for (size_t i = 0; i < KT_COUNT(script_names); i++)
                if (strcmp(name, script_names[i]) == 0)
                        return true;
        return false;
}

static bool ends_with(const char *text, const char *end)
{
        size_t text_len = strlen(text);
        size_t end_len = strlen(end);

        return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

/* KAFKA_SERVICE_HOST, KAFKA_X_SERVICE_PORT_NAME, KAFKA_PORT, KAFKA_PORT_9092_TCP_ADDR ...: what the kubelet adds for
 * each Service (kubernetes pkg/kubelet/envvars). A property would not hold an address of that form. */
static bool is_service_link(const char *name, const char *value)
{
        static const char *const schemes[] = { "tcp://", "udp://", "sctp://" };
        static const char *const protocols[] = { "_TCP", "_UDP", "_SCTP" };

        if (ends_with(name, "_SERVICE_HOST") || ends_with(name, "_SERVICE_PORT") || strstr(name, "_SERVICE_PORT_"))
                return true;
        for (size_t i = 0; i < KT_COUNT(schemes); i++)
                if (ends_with(name, "_PORT") && strncmp(value, schemes[i], strlen(schemes[i])) == 0)
                        return true;
        for (const char *port = strstr(name, "_PORT_"); port; port = strstr(port + 1, "_PORT_"))
                for (size_t i = 0; isdigit((unsigned char)port[6]) && i < KT_COUNT(protocols); i++)
                        if (strstr(port, protocols[i]))
                                return true;
        return false;
}

/* Turns the part behind the prefix into a property's name. False for a run of underscores that is ambiguous. */
static bool translate(const char *text, bool has_escapes, struct kt_str *out)
{
        static const char by_run[] = { '\0', '.', '_', '-' };

        while (*text) {
                size_t run = strspn(text, "_");

                if (run == 0) {
                        kt_str_add_char(out, (char)tolower((unsigned char)*text++));
                        continue;
                }
                if (has_escapes && run >= sizeof(by_run))
                        return false;
                for (size_t i = 0; !has_escapes && i < run; i++)
                        kt_str_add_char(out, '.');
                if (has_escapes)
                        kt_str_add_char(out, by_run[run]);
                text += run;
        }
        return true;
}

static void add_findings_for_clash(const struct kt_properties *list, const char *key, const char *value,
                                   const char *source, struct kt_findings *findings)
{
        const struct kt_property *old = kt_properties_find(list, key);

        if (!old || !old->source || strncmp(old->source, "env ", 4) != 0 || strcmp(old->value, value) == 0)
                return;

        kt_findings_add(findings,
                        &(struct kt_finding){ .level = KT_LEVEL_ERROR,
                                              .id = "env-clash",
                                              .key = key,
                                              .source = source,
                                              .next = "remove one of the two variables" },
                        "'%s' is set to something else by %s", key, old->source + 4);
}

static int add_variable(const char *name, const char *value, struct kt_properties *list, struct kt_findings *findings)
{
        bool is_bitnami = strncmp(name, PREFIX_BITNAMI, strlen(PREFIX_BITNAMI)) == 0;
        const char *rest = name + strlen(is_bitnami ? PREFIX_BITNAMI : PREFIX_PLAIN);
        KT_AUTO_FREE char *source = kt_str_make("env %s", name);
        KT_AUTO_STR struct kt_str key = { 0 };

        if (!source)
                return -ENOMEM;
        if (!translate(rest, !is_bitnami, &key)) {
                kt_findings_add(
                        findings,
                        &(struct kt_finding){ .level = KT_LEVEL_ERROR,
                                              .id = "env-underscores",
                                              .source = source,
                                              .next = "write the property in kafka.yaml, under kafka.properties" },
                        "four underscores in a row have no one meaning as part of a property's name");
                return 0;
        }
        if (kt_str_error(&key) < 0)
                return -ENOMEM;

        add_findings_for_clash(list, kt_str_get(&key), value, source, findings);
        return kt_properties_set(list, kt_str_get(&key), value, source);
}

int kt_sources_add_env(char *const *env, struct kt_properties *list, struct kt_findings *findings)
{
        for (; *env; env++) {
                KT_AUTO_FREE char *name = NULL;
                const char *equals = strchr(*env, '=');
                int r;

                if (!equals || strncmp(*env, PREFIX_PLAIN, strlen(PREFIX_PLAIN)) != 0)
                        continue;
                name = strndup(*env, (size_t)(equals - *env));
                if (!name)
                        return -ENOMEM;
                if (is_script_name(name) || name[strlen(PREFIX_PLAIN)] == '\0')
                        continue;
                if (is_service_link(name, equals + 1)) {
                        kt_findings_add(findings,
                                        &(struct kt_finding){ .level = KT_LEVEL_NOTE,
                                                              .id = "env-service-link",
                                                              .source = name,
                                                              .next = "set enableServiceLinks: false in the pod" },
                                        "is Kubernetes' variable of a Service, no property: left out");
                        continue;
                }
                if (equals[1] == '\0') { /* a field of the pod that is not set, for example a missing label */
                        kt_findings_add(
                                findings,
                                &(struct kt_finding){ .level = KT_LEVEL_NOTE, .id = "env-empty", .source = name },
                                "is empty and counts as not set");
                        continue;
                }
                r = add_variable(name, equals + 1, list, findings);
                if (r < 0)
                        return r;
        }
        return findings->error;
}
