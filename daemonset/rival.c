/* SPDX-License-Identifier: Apache-2.0 */
/* Rivals. */
#include "daemonset/rival.h"

#include <stdbool.h>
#include <string.h>

/* What the kubelet writes at each start unless protectKernelDefaults is set (pkg/kubelet/cm, setupKernelTunables, and
 * pkg/util/sysctl). */
static const struct {
        const char *id;
        const char *value;
} kubelet[] = {
        { "vm.overcommit_memory", "1" },
        { "vm.panic_on_oom", "0" },
        { "kernel.panic", "10" },
        { "kernel.panic_on_oops", "1" },
        { "kernel.keys.root_maxkeys", "1000000" },
        { "kernel.keys.root_maxbytes", "25000000" },
};

static bool is_kubelet(const char *id, const char *have)
{
        for (size_t i = 0; i < KT_COUNT(kubelet); i++)
                if (strcmp(kubelet[i].id, id) == 0)
                        return strcmp(kubelet[i].value, have) == 0;
        return false;
}

/* Objects about disks are called "vdb read_ahead_kb". */
static bool is_about(const struct kt_node_row *row, const char *disk)
{
        size_t len = strlen(disk);

        return len > 0 && strncmp(row->object, disk, len) == 0 && row->object[len] == ' ';
}

void kt_rival_add(const struct kt_node_state *state, const struct kt_node_row *row, const char *have, const char *files,
                  int64_t now_ms, struct kt_str *out)
{
        if (is_about(row, state->uevent_disk) && now_ms - state->uevent_ms <= KT_RIVAL_UEVENT_MS)
                kt_str_addf(out, "the kernel: %s was added again, with its defaults", state->uevent_disk);
        else if (files && files[0] != '\0')
                kt_str_add(out, files);
        else if (is_kubelet(row->id, have))
                kt_str_add(out, "the kubelet, which sets it at each start");
}
