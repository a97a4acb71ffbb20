/* SPDX-License-Identifier: Apache-2.0 */
/* Block devices as sysfs shows them. Names and links are the kernel's own; a captured node's may be anything, so every
 * text has a limit and all paths are resolved inside the root. */
#include "lib/os/device.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/base/array.h"
#include "lib/os/fs.h"
#include "lib/text/num.h"

#define BLOCK "/sys/class/block"

enum {
        ATTR_PATH_MAX = KT_DEVICE_NAME_MAX + 64,
        ATTR_MAX = 256,
};

/* ---- Attributes ---- */

/* A file below the device's folder. Returns its length or -errno. */
static int read_attr(const struct kt_root *root, const char *name, const char *attr, char *buf, size_t size)
{
        char path[ATTR_PATH_MAX];
        int n = snprintf(path, sizeof(path), BLOCK "/%s/%s", name, attr);

        return n < 0 || (size_t)n >= sizeof(path) ? -ENAMETOOLONG : kt_root_read(root, path, buf, size);
}

static bool has_attr(const struct kt_root *root, const char *name, const char *attr)
{
        char path[ATTR_PATH_MAX];
        int n = snprintf(path, sizeof(path), BLOCK "/%s/%s", name, attr);
        KT_AUTO_FD int fd = -1;

        if (n < 0 || (size_t)n >= sizeof(path))
                return false;

        fd = kt_fs_open_in_root(root->fd, path, O_PATH);
        return fd >= 0;
}

static bool is_attr(const struct kt_root *root, const char *name, const char *attr, const char *value)
{
        char text[ATTR_MAX];

        return read_attr(root, name, attr, text, sizeof(text)) >= 0 && strcmp(text, value) == 0;
}

/* Serial numbers come from the disk, padded with blanks and holding what the maker put there. */
static bool tidy(char *text)
{
        size_t len = strlen(text);

        while (len > 0 && text[len - 1] == ' ')
                text[--len] = '\0';
        for (char *c = text; *c != '\0'; c++)
                if (!isgraph((unsigned char)*c))
                        *c = '_';
        return len > 0;
}

/* All zeros tell nothing apart: so is the UUID of an md array without a superblock, and the serial number of many a
 * cheap disk. */
static bool is_telling(const char *text)
{
        return text[strspn(text, "0-")] != '\0';
}

/* What the disk says about itself, the most distinct first. */
static void read_id(const struct kt_root *root, struct kt_device *device)
{
        static const struct {
                const char *attr;
                const char *label;
        } sources[] = {
                { "wwid", "wwid" },            /* NVMe namespaces */
                { "device/wwid", "wwid" },     /* SCSI */
                { "dm/uuid", "uuid" },         /* LVM-..., mpath-... */
                { "md/uuid", "uuid" },         /* Linux 6.1 */
                { "serial", "serial" },        /* virtio */
                { "device/serial", "serial" }, /* of an NVMe controller: better than nothing */
        };
        char text[KT_DEVICE_ID_MAX - sizeof("serial:")];

        for (size_t i = 0; i < KT_COUNT(sources) && device->id[0] == '\0'; i++)
                if (read_attr(root, device->name, sources[i].attr, text, sizeof(text)) > 0 && tidy(text) &&
                    is_telling(text))
                        (void)snprintf(device->id, sizeof(device->id), "%s:%s", sources[i].label, text); /* fits */
}

/* "254:16"; a hidden disk has no number, and its file says 0:0 or is not there. */
static void read_number(const struct kt_root *root, struct kt_device *device)
{
        char text[ATTR_MAX];
        uint64_t major = 0;
        uint64_t minor = 0;
        char *colon;

        if (read_attr(root, device->name, "dev", text, sizeof(text)) <= 0)
                return;
        colon = strchr(text, ':');
        if (!colon)
                return;

        *colon = '\0';
        if (kt_num_parse_u64_in(text, 0, UINT32_MAX, &major) == 0 &&
            kt_num_parse_u64_in(colon + 1, 0, UINT32_MAX, &minor) == 0) {
                device->major = (uint32_t)major;
                device->minor = (uint32_t)minor;
        }
}

static int read_device(const struct kt_root *root, const char *name, struct kt_device *ret, struct kt_err *e)
{
        struct kt_device device = { 0 };
        char text[ATTR_MAX];

        if (strlen(name) >= sizeof(device.name))
                return kt_err_set(e, -ENAMETOOLONG, "look at device %.32s...", name);

        memcpy(device.name, name, strlen(name) + 1);
        if (!has_attr(root, name, "queue"))
                return kt_err_set(e, -ENOENT, "device %s has no queue folder in " BLOCK, name);
        if (read_attr(root, name, "diskseq", text, sizeof(text)) < 0 || kt_num_parse_u64(text, &device.diskseq) < 0)
                device.diskseq = 0;

        read_number(root, &device);
        read_id(root, &device);
        /* Hardware contexts exist for request-based queues only (block/blk-mq-sysfs.c). */
        device.has_queue = has_attr(root, name, "mq");
        *ret = device;
        return 0;
}

/* ---- Names ---- */

/* Where the link at path leads, cut to its last component and the one before. */
static int last_components(const struct kt_root *root, const char *path, char name[KT_DEVICE_NAME_MAX],
                           char parent[KT_DEVICE_NAME_MAX])
{
        KT_AUTO_FD int fd = kt_fs_open_in_root(root->fd, path, O_PATH | O_NOFOLLOW);
        char target[PATH_MAX];
        char *slash;
        char *before;
        ssize_t n;

        if (fd < 0)
                return fd;
        n = readlinkat(fd, "", target, sizeof(target) - 1);
        if (n < 0)
                return -errno;

        target[n] = '\0';
        slash = strrchr(target, '/');
        if (!slash)
                return -EBADMSG;
        *slash = '\0';
        before = strrchr(target, '/');
        if (!before || strlen(slash + 1) >= KT_DEVICE_NAME_MAX || slash[1] == '\0')
                return -EBADMSG;

        memcpy(name, slash + 1, strlen(slash + 1) + 1);
        (void)snprintf(parent, KT_DEVICE_NAME_MAX, "%.*s", KT_DEVICE_NAME_MAX - 1, before + 1); /* cut is fine */
        return 0;
}

/* The whole disk of a device: a partition's queue is its parent's. */
static int whole_disk(const struct kt_root *root, const char *name, char ret[KT_DEVICE_NAME_MAX], struct kt_err *e)
{
        char path[ATTR_PATH_MAX];
        char own[KT_DEVICE_NAME_MAX];
        char parent[KT_DEVICE_NAME_MAX];
        bool is_partition = has_attr(root, name, "partition");
        int r;

        (void)snprintf(path, sizeof(path), BLOCK "/%.*s", KT_DEVICE_NAME_MAX - 1, name); /* fits */
        r = last_components(root, path, own, parent);
        if (r < 0)
                return kt_err_set(e, r, "look for device %s in " BLOCK, name);

        memcpy(ret, is_partition ? parent : own, KT_DEVICE_NAME_MAX);
        return 0;
}

static int name_of_number(const struct kt_root *root, unsigned major, unsigned minor, char ret[KT_DEVICE_NAME_MAX],
                          struct kt_err *e)
{
        char path[ATTR_PATH_MAX];
        char parent[KT_DEVICE_NAME_MAX];
        int r;

        (void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major, minor); /* fits */
        r = last_components(root, path, ret, parent);
        return r < 0 ? kt_err_set(e, r, "find the block device %s", path) : 0;
}

/* ---- Walking down ---- */

struct walk {
        const struct kt_root *root;
        struct kt_device_stack *stack;
        struct kt_err *e;
        size_t parent; /* whose children are being added */
        size_t children;
        char nqn[ATTR_MAX]; /* of the NVMe head whose paths are looked for */
        char wwid[ATTR_MAX];
};

static bool is_known(const struct kt_device_stack *stack, const char *name)
{
        for (size_t i = 0; i < stack->count; i++)
                if (strcmp(stack->items[i].name, name) == 0)
                        return true;
        return false;
}

/* Adds the whole disk of the device; one that two ways lead to is added once. */
static int add_device(struct walk *walk, const char *name)
{
        struct kt_device_stack *stack = walk->stack;
        char disk[KT_DEVICE_NAME_MAX];
        int r;

        r = whole_disk(walk->root, name, disk, walk->e);
        if (r < 0 || is_known(stack, disk))
                return r;
        if (stack->count == KT_DEVICE_STACK_MAX)
                return kt_err_set(walk->e, -E2BIG, "%s is on more than %d devices", stack->items[0].name,
                                  KT_DEVICE_STACK_MAX);

        r = kt_array_reserve(&stack->items, &stack->cap, stack->count + 1, sizeof(*stack->items));
        if (r < 0)
                return kt_err_set(walk->e, r, "keep %zu devices", stack->count + 1);
        r = read_device(walk->root, disk, &stack->items[stack->count], walk->e);
        stack->count += r == 0;
        return r;
}

static int add_child(void *context, const char *name)
{
        struct walk *walk = context;

        walk->children++;
        return add_device(walk, name);
}

/* Paths of native NVMe multipath are hidden disks of the head's subsystem; the head's slaves folder is empty (until
 * Linux 6.15 nothing else links them). The wwid tells the namespaces of one subsystem apart. */
static int add_nvme_path(void *context, const char *name)
{
        struct walk *walk = context;

        if (strncmp(name, "nvme", 4) != 0 || !is_attr(walk->root, name, "hidden", "1") ||
            !is_attr(walk->root, name, "wwid", walk->wwid) || !is_attr(walk->root, name, "device/subsysnqn", walk->nqn))
                return 0;
        return add_child(walk, name);
}

static int each_in(struct walk *walk, const char *path, int (*each)(void *context, const char *name))
{
        KT_AUTO_FD int fd = kt_fs_open_in_root(walk->root->fd, path, O_RDONLY | O_DIRECTORY);
        int r;

        if (fd == -ENOENT)
                return 0;
        if (fd < 0)
                return kt_err_set(walk->e, fd, "open %s", path);

        r = kt_fs_each(fd, each, walk);
        return r < 0 && walk->e && walk->e->code == 0 ? kt_err_set(walk->e, r, "list %s", path) : r;
}

static bool is_nvme_head(struct walk *walk, const struct kt_device *device)
{
        return !device->has_queue && strncmp(device->name, "nvme", 4) == 0 &&
               read_attr(walk->root, device->name, "wwid", walk->wwid, sizeof(walk->wwid)) > 0 &&
               read_attr(walk->root, device->name, "device/subsysnqn", walk->nqn, sizeof(walk->nqn)) > 0;
}

static int compare_names(const void *left, const void *right)
{
        return strcmp(((const struct kt_device *)left)->name, ((const struct kt_device *)right)->name);
}

/* Adds what the device at that index stands on, in the order of the names: directories have none. */
static int add_children(struct walk *walk, size_t at)
{
        struct kt_device_stack *stack = walk->stack;
        size_t first = stack->count;
        bool is_skipped = stack->items[at].has_queue || stack->items[at].is_skipped;
        char path[ATTR_PATH_MAX];
        int r;

        walk->children = 0;
        (void)snprintf(path, sizeof(path), BLOCK "/%s/slaves", stack->items[at].name); /* fits */
        r = each_in(walk, path, add_child);
        if (r == 0 && walk->children == 0 && is_nvme_head(walk, &stack->items[at]))
                r = each_in(walk, BLOCK, add_nvme_path);
        if (r < 0)
                return r;

        stack->items[at].is_leaf = walk->children == 0;
        for (size_t i = first; i < stack->count; i++)
                stack->items[i].is_skipped = is_skipped;
        if (stack->count > first)
                qsort(&stack->items[first], stack->count - first, sizeof(*stack->items), compare_names);
        return 0;
}

static int add_stack(const struct kt_root *root, const char *name, struct kt_device_stack *stack, struct kt_err *e)
{
        struct walk walk = { .root = root, .stack = stack, .e = e };
        int r;

        r = add_device(&walk, name);
        if (r < 0)
                return r;

        stack->items[0].is_top = true;
        for (size_t i = 0; r == 0 && i < stack->count; i++)
                r = add_children(&walk, i);
        return r;
}

/* ---- What a person may name ---- */

/* Where the device or partition of that name is mounted, the first of several places; NULL: nowhere. */
static const struct kt_mount *mount_of_device(const struct kt_root *root, const struct kt_mounts *mounts,
                                              const char *name)
{
        struct kt_device device = { 0 };

        memcpy(device.name, name, strlen(name) + 1);
        read_number(root, &device);
        for (size_t i = 0; device.major > 0 && i < mounts->count; i++)
                if (mounts->items[i].major == device.major && mounts->items[i].minor == device.minor)
                        return &mounts->items[i];
        return NULL;
}

static int name_of_mount(const struct kt_root *root, const struct kt_mounts *mounts, const char *path,
                         const struct kt_mount **ret_mount, char ret[KT_DEVICE_NAME_MAX], struct kt_err *e)
{
        const struct kt_mount *mount = kt_mounts_of(mounts, path);
        int r;

        if (!mount)
                return kt_err_set(e, -ENOENT, "no mount holds %s", path);
        if (mount->major == 0)
                return kt_err_set(e, -ENOTBLK,
                                  "%s is on %s, which is on no block device or does not say on which; name the device",
                                  path, mount->fstype);

        r = name_of_number(root, mount->major, mount->minor, ret, e);
        if (r == 0)
                *ret_mount = mount;
        return r;
}

struct mapper_search {
        const struct kt_root *root;
        const char *wanted;
        char *found;
};

static int match_mapper(void *context, const char *name)
{
        struct mapper_search *search = context;

        if (strlen(name) >= KT_DEVICE_NAME_MAX || !is_attr(search->root, name, "dm/name", search->wanted))
                return 0;

        memcpy(search->found, name, strlen(name) + 1);
        return 1;
}

/* A captured node has no /dev: "mapper/vg0-kafka" is the dm device of that name, all else is named as it is. */
static int name_of_captured_node(const struct kt_root *root, const char *node, char ret[KT_DEVICE_NAME_MAX],
                                 struct kt_err *e)
{
        static const char mapper[] = "mapper/";
        struct mapper_search search = { root, node + sizeof(mapper) - 1, ret };
        KT_AUTO_FD int fd = -1;
        int r = 0;

        if (strncmp(node, mapper, sizeof(mapper) - 1) == 0) {
                fd = kt_fs_open_in_root(root->fd, BLOCK, O_RDONLY | O_DIRECTORY);
                r = fd < 0 ? fd : kt_fs_each(fd, match_mapper, &search);
        } else if (!strchr(node, '/') && strlen(node) < KT_DEVICE_NAME_MAX) {
                memcpy(ret, node, strlen(node) + 1);
                r = 1;
        }
        return r > 0 ? 0 : kt_err_set(e, r < 0 ? r : -ENOENT, "find the device /dev/%s", node);
}

/* The node's number and not its name: it may be a link, or made by hand. */
static int name_of_own_path(const struct kt_root *root, const struct kt_mounts *mounts, const char *what,
                            const struct kt_mount **ret_mount, char ret[KT_DEVICE_NAME_MAX], struct kt_err *e)
{
        KT_AUTO_FREE char *path = realpath(what, NULL);
        struct stat st;

        if (!path || stat(path, &st) < 0)
                return kt_err_set(e, -errno, "look at %s", what);
        if (S_ISBLK(st.st_mode))
                return name_of_number(root, major(st.st_rdev), minor(st.st_rdev), ret, e);
        return name_of_mount(root, mounts, path, ret_mount, ret, e);
}

static int name_of(const struct kt_root *root, const struct kt_mounts *mounts, const char *what,
                   const struct kt_mount **ret_mount, char ret[KT_DEVICE_NAME_MAX], struct kt_err *e)
{
        static const char dev[] = "/dev/";

        if (what[0] == '\0' || strcmp(what, ".") == 0 || strcmp(what, "..") == 0)
                return kt_err_set(e, -EINVAL, "'%s' names no device and no absolute path", what);
        if (!strchr(what, '/'))
                return name_of_captured_node(root, what, ret, e);
        if (what[0] != '/')
                return kt_err_set(e, -EINVAL, "%s is neither an absolute path nor the name of a device", what);
        if (root->is_host)
                return name_of_own_path(root, mounts, what, ret_mount, ret, e);
        if (strncmp(what, dev, sizeof(dev) - 1) == 0)
                return name_of_captured_node(root, what + sizeof(dev) - 1, ret, e);
        return name_of_mount(root, mounts, what, ret_mount, ret, e);
}

int kt_device_find(const struct kt_root *root, const struct kt_mounts *mounts, const char *what,
                   struct kt_device_stack *ret, struct kt_err *e)
{
        struct kt_device_stack stack = { 0 };
        char name[KT_DEVICE_NAME_MAX] = "";
        int r;

        r = name_of(root, mounts, what, &stack.mount, name, e);
        if (r == 0 && !stack.mount)
                stack.mount = mount_of_device(root, mounts, name);
        if (r == 0)
                r = add_stack(root, name, &stack, e);
        if (r < 0) {
                kt_device_stack_done(&stack);
                return r;
        }

        *ret = stack;
        return 0;
}

void kt_device_stack_done(struct kt_device_stack *stack)
{
        free(stack->items);
        *stack = (struct kt_device_stack){ 0 };
}

/* ---- Keys ---- */

int kt_device_backing(const struct kt_root *root, const struct kt_device *device, char *buf, size_t size)
{
        return read_attr(root, device->name, "loop/backing_file", buf, size);
}

const char *kt_device_key(const struct kt_device *device, char buf[KT_DEVICE_KEY_MAX])
{
        const char *blank = device->id[0] != '\0' ? " " : "";

        /* Both numbers have a limit of their own, and so has the id: it fits. */
        if (device->diskseq > 0)
                (void)snprintf(buf, KT_DEVICE_KEY_MAX, "diskseq:%" PRIu64 "%s%s", device->diskseq, blank, device->id);
        else
                (void)snprintf(buf, KT_DEVICE_KEY_MAX, "dev:%" PRIu32 ":%" PRIu32 "%s%s", device->major, device->minor,
                               blank, device->id);
        return buf;
}

struct key_search {
        const struct kt_root *root;
        const char *key;
        struct kt_device *found;
};

static int match_key(void *context, const char *name)
{
        struct key_search *search = context;
        struct kt_device device;
        char key[KT_DEVICE_KEY_MAX];

        /* Partitions have no queue, and what is gone meanwhile is not what is looked for. */
        if (read_device(search->root, name, &device, NULL) < 0 || strcmp(kt_device_key(&device, key), search->key) != 0)
                return 0;

        *search->found = device;
        return 1;
}

int kt_device_of_key(const struct kt_root *root, const char *key, struct kt_device *ret, struct kt_err *e)
{
        struct key_search search = { root, key, ret };
        KT_AUTO_FD int fd = kt_fs_open_in_root(root->fd, BLOCK, O_RDONLY | O_DIRECTORY);
        int r;

        if (fd < 0)
                return kt_err_set(e, fd, "open " BLOCK);

        r = kt_fs_each(fd, match_key, &search);
        if (r < 0)
                return kt_err_set(e, r, "list " BLOCK);
        return r > 0 ? 0 : kt_err_set(e, -ENOENT, "no device is '%s' any more", key);
}
