/* SPDX-License-Identifier: Apache-2.0 */
/* Back end: attributes of /sys/class/block/DEVICE/queue. A write there that returned ok means nothing: bio-based
 * devices take any scheduler, numbers are rounded, clamped, or reset by another attribute; so the caller reads back. */
#include "tuner/queue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/text/num.h"
#include "tuner/backend.h"
#include "tuner/files.h"

enum { DEPTH_THAT_COUNTS = 128 }; /* BLKDEV_DEFAULT_RQ */

#define QUEUE_PATH "/sys/class/block/%s/queue/%s"

/* ---- Which devices ---- */

bool kt_queue_is_top(const struct kt_device *device)
{
        return device->is_top;
}

bool kt_queue_is_scheduling(const struct kt_device *device)
{
        return device->has_queue && !device->is_skipped;
}

bool kt_queue_is_leaf(const struct kt_device *device)
{
        return device->is_leaf;
}

bool kt_queues_are_wished(const struct kt_wishes *wishes)
{
        for (size_t i = 0; i < wishes->count; i++)
                if (wishes->items[i].row->scope == KT_SCOPE_DEVICE)
                        return true;
        return false;
}

/* A disk below two volumes counts once, and what it is for one of them it is. */
static int add_device(struct kt_queues *queues, const struct kt_device *device)
{
        for (size_t i = 0; i < queues->device_count; i++) {
                struct kt_device *known = &queues->devices[i];

                if (strcmp(known->name, device->name) != 0)
                        continue;
                known->is_top |= device->is_top;
                known->is_skipped &= device->is_skipped;
                return 0;
        }
        if (kt_array_reserve(&queues->devices, &queues->device_cap, queues->device_count + 1,
                             sizeof(*queues->devices)) < 0)
                return -ENOMEM;

        queues->devices[queues->device_count++] = *device;
        return 0;
}

/* What the kernel's drivers call disks: '!' stands for a '/' (cciss!c0d0). Names of a captured machine may be anything,
 * and they go into commands and into a script. */
static bool are_names_of_disks(const struct kt_device_stack *stack)
{
        static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.!-";

        for (size_t i = 0; i < stack->count; i++)
                if (stack->items[i].name[strspn(stack->items[i].name, letters)] != '\0')
                        return false;
        return true;
}

int kt_queues_add(const struct kt_root *root, const char *what, struct kt_queues *queues, struct kt_err *e)
{
        struct kt_device_stack *stack;
        int r;

        r = kt_array_reserve(&queues->stacks, &queues->cap, queues->count + 1, sizeof(*queues->stacks));
        if (r < 0)
                return kt_err_set(e, r, "keep the devices of %s", what);

        stack = &queues->stacks[queues->count];
        r = kt_device_find(root, &queues->mounts, what, stack, e);
        if (r < 0)
                return r;
        if (!are_names_of_disks(stack)) {
                kt_device_stack_done(stack);
                return kt_err_set(e, -EBADMSG, "look for the disks behind %s: one has a name that no disk has", what);
        }

        queues->count++;
        for (size_t i = 0; r == 0 && i < stack->count; i++)
                r = add_device(queues, &stack->items[i]);
        return r < 0 ? kt_err_set(e, r, "keep the devices of %s", what) : 0;
}

int kt_queues_load(const struct kt_root *root, const char *device, const struct kt_spec_texts *volumes,
                   struct kt_queues *ret, struct kt_err *e)
{
        int r;

        r = kt_mounts_load(root, NULL, &ret->mounts, e);
        if (r == 0 && device)
                return kt_queues_add(root, device, ret, e);

        /* A pod's mount points are elsewhere on the node: what is not mounted here is not this machine's business. */
        for (size_t i = 0; r == 0 && i < volumes->count; i++)
                if (kt_mounts_at(&ret->mounts, volumes->items[i]))
                        r = kt_queues_add(root, volumes->items[i], ret, e);
        return r;
}

void kt_queues_done(struct kt_queues *queues)
{
        for (size_t i = 0; i < queues->count; i++)
                kt_device_stack_done(&queues->stacks[i]);
        free(queues->stacks);
        free(queues->devices);
        kt_mounts_done(&queues->mounts);
        *queues = (struct kt_queues){ 0 };
}

/* ---- The back end ---- */

/* The device that facts->place means; NULL: the row is about none of those there are. */
static const struct kt_device *find(const struct kt_tuner_facts *facts, const struct kt_row *row)
{
        size_t place = facts->place;

        for (size_t i = 0; facts->queues && i < facts->queues->device_count; i++)
                if (row->applies(&facts->queues->devices[i]) && place-- == 0)
                        return &facts->queues->devices[i];
        return NULL;
}

/* Devices of which none has what the row is about make one object, which is unsupported. */
static size_t count_devices(const struct kt_tuner_facts *facts, const struct kt_row *row)
{
        size_t count = 0;

        if (!facts->queues || facts->queues->device_count == 0)
                return 0;
        for (size_t i = 0; i < facts->queues->device_count; i++)
                count += row->applies(&facts->queues->devices[i]);
        return count > 0 ? count : 1;
}

static const char *disk_name(const struct kt_tuner_facts *facts, const struct kt_row *row)
{
        const struct kt_device *device = facts->disk[0] == '\0' ? find(facts, row) : NULL;

        return device ? device->name : facts->disk;
}

static const char *attribute(const struct kt_row *row)
{
        return strrchr(row->path, '/') + 1;
}

static void add_path_of(const char *name, const char *attr, struct kt_str *out)
{
        kt_str_addf(out, QUEUE_PATH, name, attr);
}

/* One word is in brackets, or it stands alone, as without a scheduler; of "write back" the last one counts. */
static int read_choice(const struct kt_root *root, const char *path, struct kt_str *have, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        const char *blank;
        int r;

        r = kt_files_read(root, path, &text, e);
        if (r < 0)
                return r;
        if (kt_str_error(&text) < 0)
                return kt_err_set(e, -ENOMEM, "keep the text of %s", path);
        if (strchr(kt_str_get(&text), '['))
                return kt_files_read_choice(root, path, have, e);

        blank = strrchr(kt_str_get(&text), ' ');
        kt_str_add(have, blank ? blank + 1 : kt_str_get(&text));
        return 0;
}

static int read_queue(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                      struct kt_err *e)
{
        const char *name = disk_name(facts, row);
        KT_AUTO_STR struct kt_str path = { 0 };
        size_t before = have->len;
        struct kt_err cause = { 0 };
        int r;

        if (name[0] == '\0')
                return kt_err_set(e, -ENOENT, "no device here has %s", attribute(row));

        add_path_of(name, attribute(row), &path);
        if (row->type == KT_ROW_CHOICE)
                r = read_choice(facts->root, kt_str_get(&path), have, &cause);
        else
                r = kt_files_read(facts->root, kt_str_get(&path), have, &cause);
        /* wbt_lat_usec of a bio-based device: EINVAL; of a captured one: empty. What cannot be read is not written:
         * the old value could not be put back. */
        if (r == -ENOENT && row->absent) {
                kt_str_add(have, row->absent);
                return 0;
        }
        if (r == -EINVAL || (r == 0 && have->len == before && kt_str_error(have) == 0))
                return kt_err_set(e, -ENOENT, "%s has no value for %s", name, attribute(row));
        return r < 0 ? kt_err_set(e, r, "%s", cause.text) : 0;
}

/* The disk that bears this name now; facts may have been read when another one did. */
static int key_of_name(const struct kt_root *root, const char *name, char key[KT_DEVICE_KEY_MAX], struct kt_err *e)
{
        KT_AUTO(kt_device_stack_done) struct kt_device_stack stack = { 0 };
        const struct kt_mounts none = { 0 };
        int r;

        r = kt_device_find(root, &none, name, &stack, e);
        if (r == 0)
                (void)kt_device_key(&stack.items[0], key); /* returns key */
        return r;
}

static int expect_same_disk(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_err *e)
{
        const struct kt_device *device = facts->disk[0] == '\0' ? find(facts, row) : NULL;
        char known[KT_DEVICE_KEY_MAX];
        char now[KT_DEVICE_KEY_MAX];
        struct kt_err why = { 0 };
        int r;

        if (!device)
                return 0; /* kt_tuner_facts_locate has just found it */

        r = key_of_name(facts->root, device->name, now, &why);
        if (r == -ENOENT)
                return kt_err_set(e, -ESRCH, "%s was unplugged meanwhile", device->name);
        if (r < 0)
                return kt_err_set(e, r, "%s", why.text);
        if (strcmp(kt_device_key(device, known), now) != 0)
                return kt_err_set(e, -ESRCH, "%s is another disk now: '%s', not '%s'", device->name, now, known);
        return 0;
}

static int write_queue(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                       struct kt_err *e)
{
        const char *name = disk_name(facts, row);
        KT_AUTO_STR struct kt_str path = { 0 };
        int r;

        if (name[0] == '\0')
                return kt_err_set(e, -ENOENT, "no device here has %s", attribute(row));
        r = expect_same_disk(facts, row, e);
        if (r < 0)
                return r;

        add_path_of(name, attribute(row), &path);
        return kt_files_write(facts->root, kt_str_get(&path), value, e);
}

/* With a scheduler twice the disk's depth, of which 128 count at most (blk_mq_init_sched); without one the depth. */
static bool is_reset(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value)
{
        KT_AUTO_STR struct kt_str path = { 0 };
        KT_AUTO_STR struct kt_str text = { 0 };
        uint64_t depth;
        uint64_t now;

        (void)row; /* nr_requests is the only one that a scheduler resets */
        kt_str_addf(&path, "/sys/class/block/%s/mq/0/nr_tags", disk_name(facts, row));
        if (kt_files_read(facts->root, kt_str_get(&path), &text, NULL) < 0 ||
            kt_num_parse_u64(kt_str_get(&text), &depth) < 0 || kt_num_parse_u64(value, &now) < 0)
                return false;
        return now == depth || now == 2 * (depth < DEPTH_THAT_COUNTS ? depth : DEPTH_THAT_COUNTS);
}

static void add_object(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out)
{
        const char *name = disk_name(facts, row);

        kt_str_addf(out, "%s%s%s", name, name[0] != '\0' ? " " : "", attribute(row));
}

static int identify(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out, struct kt_err *e)
{
        const struct kt_device *device = facts->disk[0] == '\0' ? find(facts, row) : NULL;
        char key[KT_DEVICE_KEY_MAX] = "";
        int r = 0;

        if (device)
                (void)kt_device_key(device, key); /* returns key */
        else if (facts->disk[0] != '\0')
                r = key_of_name(facts->root, facts->disk, key, e);
        kt_str_add(out, key);
        return r;
}

/* A disk that is gone took its settings along: the kernel makes new ones for each that appears. */
static int locate(const char *identity, const struct kt_row *row, struct kt_tuner_facts *facts, struct kt_err *e)
{
        struct kt_device device;
        int r;

        (void)row; /* any attribute */
        r = kt_device_of_key(facts->root, identity, &device, e);
        if (r == -ENOENT && e)
                e->code = -ESRCH;
        if (r == 0)
                memcpy(facts->disk, device.name, sizeof(device.name));
        return r == -ENOENT ? -ESRCH : r;
}

static void add_command(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                        struct kt_str *out)
{
        kt_str_addf(out, "echo %s >", value);
        add_path_of(disk_name(facts, row), attribute(row), out);
}

/* With the guards of kt_plan_script's set_file, and two of our own: it is still that disk, and a scheduler leaves
 * nr_requests as it was. */
static void add_script(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *old_value,
                       const char *new_value, struct kt_str *out)
{
        const struct kt_device *device = find(facts, row);
        bool resets = strcmp(attribute(row), "scheduler") == 0;
        const char *name = disk_name(facts, row);

        if (!device)
                return;
        kt_str_addf(out, "if [ \"$(cat /sys/class/block/%s/diskseq 2>/dev/null)\" = ", name);
        if (device->diskseq > 0)
                kt_str_addf(out, "%" PRIu64, device->diskseq);
        else
                kt_str_add(out, "''");
        kt_str_add(out, " ]; then\n");
        if (resets)
                kt_str_addf(out, "  requests=$(cat " QUEUE_PATH ")\n", name, "nr_requests");
        kt_str_addf(out, "  set_file %s ", row->id);
        add_path_of(name, attribute(row), out);
        kt_str_add_char(out, ' ');
        kt_files_quote(old_value, out);
        kt_str_add_char(out, ' ');
        kt_files_quote(new_value, out);
        if (resets)
                kt_str_addf(out, "\n  (echo \"$requests\" >" QUEUE_PATH ") 2>/dev/null || :", name, "nr_requests");
        kt_str_addf(out, "\nelse\n  say conflict %s '%s is another disk now'; worst 1\nfi\n", row->id, name);
}

const struct kt_backend kt_backend_queue = {
        .read = read_queue,
        .write = write_queue,
        .count = count_devices,
        .object = add_object,
        .identify = identify,
        .locate = locate,
        .is_reset = is_reset,
        .command = add_command,
        .script = add_script,
        .capability = KT_BACKEND_NO_CAPABILITY,
};
