/* SPDX-License-Identifier: Apache-2.0 */
/* Uevents and mount points of anything: what is taken is within its bounds, and nothing outside the input is read. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemonset/uevent.h"
#include "daemonset/volumes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A volume that was accepted is below the folder, and its names are parts of its path. */
static void try_volume(const char *target)
{
        struct kt_volume_path path = { 0 };

        if (!kt_volume_parse("/k", target, &path))
                return;
        if (strncmp(target, "/k/pods/", 8) != 0 || !strstr(target, path.name) || !strstr(target, path.pod_uid))
                abort();
        if (strchr(path.name, '/') || strchr(path.pod_uid, '/'))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct kt_uevent event = { 0 };
        char *copy = malloc(size + 1);

        if (!copy)
                return 0;
        memcpy(copy, data, size);
        copy[size] = '\0';
        try_volume(copy);
        if (kt_uevent_parse((const char *)data, size, &event) == 0 &&
            (event.action[0] == '\0' || !memchr(event.name, '\0', sizeof(event.name))))
                abort();
        free(copy);
        return 0;
}
