/* SPDX-License-Identifier: Apache-2.0 */
/* Who this pod is. */
#include "initc/identity.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "lib/text/num.h"

static bool is_set(const char *text)
{
        return text && text[0] != '\0';
}

static const char *find_pod_name(const char *given, struct utsname *uts)
{
        if (is_set(given))
                return given;
        if (is_set(getenv("POD_NAME")))
                return getenv("POD_NAME");
        if (is_set(getenv("HOSTNAME")))
                return getenv("HOSTNAME");
        return uname(uts) == 0 ? uts->nodename : "";
}

static int split_name(const char *pod, struct kt_identity *identity, struct kt_err *e)
{
        const char *dash = strrchr(pod, '-');
        uint64_t ordinal;

        if (strlen(pod) >= sizeof(identity->pod))
                return kt_err_set(e, -EINVAL, "the pod's name is longer than a host name can be");
        if (!dash || dash == pod || kt_num_parse_u64_in(dash + 1, 0, INT32_MAX, &ordinal) < 0)
                return kt_err_set(
                        e, -EINVAL,
                        "the pod's name '%s' has no ordinal at its end, as a StatefulSet gives (kafka-0); set "
                        "POD_NAME or give --pod",
                        pod);

        memcpy(identity->pod, pod, strlen(pod) + 1);
        (void)snprintf(identity->set, sizeof(identity->set), "%.*s", (int)(dash - pod), pod); /* shorter than pod */
        identity->ordinal = (uint32_t)ordinal;
        return 0;
}

static int find_domain(const struct kt_spec *spec, struct kt_identity *identity, struct kt_err *e)
{
        const char *space = spec->kafka.namespace ? spec->kafka.namespace : getenv("POD_NAMESPACE");
        int n = 0;

        if (spec->kafka.service && is_set(space))
                n = snprintf(identity->domain, sizeof(identity->domain), ".%s.%s.svc", spec->kafka.service, space);
        else if (spec->kafka.service)
                n = snprintf(identity->domain, sizeof(identity->domain), ".%s", spec->kafka.service);

        if (n < 0 || (size_t)n >= sizeof(identity->domain))
                return kt_err_set(e, -EINVAL, "service and namespace make a name longer than a host name can be");
        return 0;
}

int kt_identity_find(const struct kt_spec *spec, const char *given, struct kt_identity *ret, struct kt_err *e)
{
        struct kt_identity identity = { .domain = "" };
        struct utsname uts;
        uint64_t node_id;
        int r;

        r = split_name(find_pod_name(given, &uts), &identity, e);
        if (r < 0)
                return r;

        node_id = (uint64_t)spec->kafka.node_id_base + identity.ordinal;
        if (node_id > INT32_MAX)
                return kt_err_set(e, -EINVAL, "nodeId.base %u and ordinal %u make no node id: it would exceed %d",
                                  spec->kafka.node_id_base, identity.ordinal, INT32_MAX);

        identity.node_id = (int32_t)node_id;
        r = find_domain(spec, &identity, e);
        if (r < 0)
                return r;

        *ret = identity;
        return 0;
}

const char *kt_identity_host(const struct kt_identity *identity, uint32_t ordinal, char *buf, size_t size)
{
        (void)snprintf(buf, size, "%s-%u%s", identity->set, ordinal, identity->domain); /* cut names fail to resolve */
        return buf;
}
