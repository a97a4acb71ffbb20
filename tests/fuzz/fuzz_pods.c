/* SPDX-License-Identifier: Apache-2.0 */
/* Pods of anything: what comes out of an object can be looked up as a path and never leads out of the cgroup tree. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemonset/pods.h"
#include "lib/app/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size, const char *allowed)
{
        if (strnlen(text, size) == size || text[0] == '\0' || text[strspn(text, allowed)] != '\0')
                abort();
}

static void check(const struct kt_pod *pod)
{
        check_text(pod->namespace, sizeof(pod->namespace), "abcdefghijklmnopqrstuvwxyz0123456789-.");
        check_text(pod->name, sizeof(pod->name), "abcdefghijklmnopqrstuvwxyz0123456789-.");
        check_text(pod->uid, sizeof(pod->uid), "abcdef0123456789-");
        if (pod->state >= KT_POD_STATE_COUNT_ || !kt_pod_state_name(pod->state))
                abort();
        if (pod->state != KT_POD_RUNNING) {
                if (pod->container[0])
                        abort();
                return;
        }
        check_text(pod->container, sizeof(pod->container), "abcdef0123456789");
        if (strlen(pod->container) != 64 || strcmp(pod->namespace, "kafka") != 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const namespaces[] = { "kafka", NULL };
        const struct kt_pods_rule rule = {
                .node = "n1", .namespaces = namespaces, .selector = "app=kafka", .container = "kafka"
        };
        KT_AUTO(kt_pods_cgroup_done) struct kt_pods_cgroup cgroup = { .fd = -1 };
        struct kt_json *object = NULL;
        struct kt_root root = { .fd = -1 };
        struct kt_pod pod;

        if (kt_json_parse_foreign("pod", (const char *)data, size, &object, NULL) < 0)
                return 0;
        if (kt_pod_read(object, &rule, &pod, NULL) == 0) {
                check(&pod);
                if (kt_root_open("/proc/self/fdinfo", &root, NULL) < 0 ||
                    kt_pods_find_cgroup(&root, "/", &pod, &cgroup, NULL) == 0) /* there is nothing of that name */
                        abort();
                kt_root_done(&root);
        }
        kt_json_free(object);
        return 0;
}
