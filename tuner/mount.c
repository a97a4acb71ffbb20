/* SPDX-License-Identifier: Apache-2.0 */
/* Back end: how volumes are mounted. Looked at only: options are the StorageClass's (mountOptions), not the node's. */
#include <errno.h>
#include <string.h>

#include "tuner/backend.h"
#include "tuner/queue.h"

/* The stack whose mount facts->place means, or NULL. */
static const struct kt_device_stack *find(const struct kt_tuner_facts *facts)
{
        size_t place = facts->place;

        for (size_t i = 0; facts->queues && i < facts->queues->count; i++)
                if (facts->queues->stacks[i].mount && place-- == 0)
                        return &facts->queues->stacks[i];
        return NULL;
}

/* Devices that are not mounted make one object, which is unsupported. */
static size_t count_mounts(const struct kt_tuner_facts *facts, const struct kt_row *row)
{
        size_t count = 0;

        (void)row; /* the same for every option */
        for (size_t i = 0; facts->queues && i < facts->queues->count; i++)
                count += facts->queues->stacks[i].mount != NULL;
        return count > 0 || !facts->queues || facts->queues->count == 0 ? count : 1;
}

/* mount(8): without any of these the kernel keeps access times as relatime does, and says so in mountinfo. */
static const char *atime_of(const struct kt_mount *mount)
{
        if (kt_mount_has_option(mount, "noatime"))
                return "noatime";
        return kt_mount_has_option(mount, "relatime") ? "relatime" : "strictatime";
}

static const char *discard_of(const struct kt_mount *mount)
{
        return kt_mount_has_option(mount, "discard") ? "discard" : "nodiscard";
}

static const char *filesystem_of(const struct kt_mount *mount)
{
        return mount->fstype;
}

static const struct {
        const char *line; /* of the row */
        const char *(*value)(const struct kt_mount *mount);
} options[] = {
        { "atime", atime_of },
        { "discard", discard_of },
        { "filesystem", filesystem_of },
};

static int read_mount(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                      struct kt_err *e)
{
        const struct kt_device_stack *stack = find(facts);

        if (!stack)
                return kt_err_set(e, -ENOENT, "no filesystem of these devices is mounted");

        for (size_t i = 0; i < KT_COUNT(options); i++)
                if (strcmp(options[i].line, row->line) == 0)
                        kt_str_add_printable(have, options[i].value(stack->mount));
        return 0;
}

static int write_mount(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                       struct kt_err *e)
{
        (void)facts; /* none of them can be set */
        return kt_err_set(e, -EOPNOTSUPP, "%s %s: set mountOptions of the StorageClass", row->id, value);
}

static void add_object(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out)
{
        const struct kt_device_stack *stack = find(facts);

        kt_str_addf(out, "%s%s%s", stack ? stack->items[0].name : "", stack ? " " : "", row->line);
}

static void add_command(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                        struct kt_str *out)
{
        (void)facts; /* the same for every volume */
        kt_str_addf(out, "set %s to %s in the volume's StorageClass (mountOptions, fsType)", row->line, value);
}

const struct kt_backend kt_backend_mount = {
        .read = read_mount,
        .write = write_mount,
        .count = count_mounts,
        .object = add_object,
        .command = add_command,
        .capability = KT_BACKEND_NO_CAPABILITY,
};
