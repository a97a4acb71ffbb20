/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about a path. The folder may belong to somebody hostile: what lies in it is opened beneath it, never through a
 * link, and only looked at. */
#include "tuner/bench/targets.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "lib/os/device.h"
#include "lib/os/fs.h"
#include "lib/text/num.h"

enum {
        ENTRIES_MAX = 4096, /* of one folder that are looked at for a log dir's .lock */
        ATTR_PATH_MAX = KT_DEVICE_NAME_MAX + 64,
};

enum place { PLACE_DISK, PLACE_NETWORK, PLACE_MEMORY, PLACE_OVERLAY, PLACE_NO_DATA };

/* Filesystems that are not what a broker's volume should be, the first that fits; is_prefix: "fuse" is also fuse.sshfs.
 * In those without data the kernel shows itself (/proc/filesystems and the modules' own). */
static const struct {
        const char *fstype;
        bool is_prefix;
        enum place place;
} places[] = {
        { "proc", false, PLACE_NO_DATA },      { "sysfs", false, PLACE_NO_DATA },
        { "cgroup", false, PLACE_NO_DATA },    { "cgroup2", false, PLACE_NO_DATA },
        { "cpuset", false, PLACE_NO_DATA },    { "devpts", false, PLACE_NO_DATA },
        { "mqueue", false, PLACE_NO_DATA },    { "debugfs", false, PLACE_NO_DATA },
        { "tracefs", false, PLACE_NO_DATA },   { "securityfs", false, PLACE_NO_DATA },
        { "selinuxfs", false, PLACE_NO_DATA }, { "configfs", false, PLACE_NO_DATA },
        { "pstore", false, PLACE_NO_DATA },    { "efivarfs", false, PLACE_NO_DATA },
        { "bpf", false, PLACE_NO_DATA },       { "binfmt_misc", false, PLACE_NO_DATA },
        { "fusectl", false, PLACE_NO_DATA },   { "autofs", false, PLACE_NO_DATA },
        { "nsfs", false, PLACE_NO_DATA },      { "rpc_pipefs", false, PLACE_NO_DATA },
        { "tmpfs", false, PLACE_MEMORY },      { "ramfs", false, PLACE_MEMORY },
        { "devtmpfs", false, PLACE_MEMORY },   { "hugetlbfs", false, PLACE_MEMORY },
        { "overlay", false, PLACE_OVERLAY },   { "aufs", false, PLACE_OVERLAY },
        { "nfs", true, PLACE_NETWORK },        { "ceph", false, PLACE_NETWORK },
        { "fuse", true, PLACE_NETWORK },       { "cifs", false, PLACE_NETWORK },
        { "smb", true, PLACE_NETWORK },        { "9p", false, PLACE_NETWORK },
        { "virtiofs", false, PLACE_NETWORK },  { "lustre", false, PLACE_NETWORK },
        { "glusterfs", false, PLACE_NETWORK }, { "gpfs", false, PLACE_NETWORK },
        { "beegfs", false, PLACE_NETWORK },
};

static enum place place_of(const char *fstype)
{
        for (size_t i = 0; i < KT_COUNT(places); i++) {
                size_t len = strlen(places[i].fstype);

                if (places[i].is_prefix ? strncmp(fstype, places[i].fstype, len) == 0
                                        : strcmp(fstype, places[i].fstype) == 0)
                        return places[i].place;
        }
        return PLACE_DISK;
}

/* ---- Products: hints by the model's name ---- */

#define MIB (1024.0 * 1024)
#define GIB (1024.0 * MIB)

/* Amazon EBS gp2: 3 IOPS per GiB, at least 100, at most 16,000, of up to 256 KiB each; 128 MiB/s below 170 GiB, else
 * 250 MiB/s (EC2 user guide, General Purpose SSD volumes). Newer types have no lower baseline than their rate. */
static double baseline_ebs(double size_bytes)
{
        double iops = 3 * size_bytes / GIB;
        double rate = (iops < 100 ? 100 : iops > 16000 ? 16000 : iops) * 256 * 1024;
        double most = (size_bytes <= 170 * GIB ? 128 : 250) * MIB;

        return rate < most ? rate : most;
}

static const struct product {
        const char *model; /* the model's beginning */
        const char *name;
        double (*baseline)(double size_bytes); /* NULL: not known from the size */
        const char *reason;
} products[] = {
        { "Amazon Elastic Block Store", "Amazon EBS", baseline_ebs, "the baseline of gp2 at this size" },
        { "Amazon EC2 NVMe Instance Storage", "EC2 instance store", NULL, NULL },
        { "PersistentDisk", "Google Persistent Disk", NULL, NULL },
        { "nvme_card-pd", "Google Persistent Disk", NULL, NULL },
        { "nvme_card", "Google local SSD", NULL, NULL },
        { "Virtual Disk", "Azure or Hyper-V disk", NULL, NULL },
        { "MSFT NVMe Accelerator", "Azure disk", NULL, NULL },
        { "QEMU", "QEMU disk", NULL, NULL },
        { "LUN", "iSCSI or FC LUN", NULL, NULL },
};

static const struct product *find_product(const char *model)
{
        for (size_t i = 0; i < KT_COUNT(products); i++)
                if (strncmp(model, products[i].model, strlen(products[i].model)) == 0)
                        return &products[i];
        return NULL;
}

double kt_target_baseline(const struct kt_disk_target *target, const char **ret_reason)
{
        const struct product *product = find_product(target->model);

        if (!product || !product->baseline)
                return 0;
        *ret_reason = product->reason;
        return product->baseline((double)target->total_bytes);
}

/* ---- Queue and disk ---- */

/* Reads /sys/class/block/NAME/ATTR without trailing blanks; "" when it is not there. */
static void read_text(const struct kt_root *root, const char *name, const char *attr, char *buf, size_t size)
{
        char path[ATTR_PATH_MAX];
        int n = snprintf(path, sizeof(path), "/sys/class/block/%s/%s", name, attr);
        int len = n < 0 || (size_t)n >= sizeof(path) ? -ENAMETOOLONG : kt_root_read(root, path, buf, size);

        if (len < 0)
                len = 0;
        while (len > 0 && buf[len - 1] == ' ')
                len--;
        buf[len] = '\0';
}

static uint64_t read_number(const struct kt_root *root, const char *name, const char *attr)
{
        char text[KT_NUM_TEXT_MAX];
        uint64_t value = 0;

        read_text(root, name, attr, text, sizeof(text));
        return kt_num_parse_u64(text, &value) < 0 ? 0 : value;
}

/* The word in brackets: "none [mq-deadline] kyber". */
static void keep_active(char *text)
{
        const char *begin = strchr(text, '[');
        const char *end = begin ? strchr(begin, ']') : NULL;
        size_t len;

        if (!end)
                return;
        len = (size_t)(end - begin - 1);
        memmove(text, begin + 1, len);
        text[len] = '\0';
}

static void read_queue(const struct kt_root *root, struct kt_disk_target *target)
{
        char schedulers[128];
        const char *top = target->devices[0].name;

        (void)snprintf(target->device, sizeof(target->device), "%s", top); /* both hold a device's name */
        read_text(root, top, "queue/scheduler", schedulers, sizeof(schedulers));
        keep_active(schedulers);
        (void)snprintf(target->scheduler, sizeof(target->scheduler), "%.31s", schedulers); /* ELV_NAME_MAX is 16 */
        read_text(root, top, "queue/write_cache", target->write_cache, sizeof(target->write_cache));
        target->max_sectors_kib = read_number(root, top, "queue/max_sectors_kb");
        target->read_ahead_kib = read_number(root, top, "queue/read_ahead_kb");
        target->nr_requests = read_number(root, top, "queue/nr_requests");
        target->logical_block = read_number(root, top, "queue/logical_block_size");
        target->is_rotational = read_number(root, top, "queue/rotational") != 0;
        target->has_queue_facts = target->max_sectors_kib > 0;
}

static void read_disk(const struct kt_root *root, struct kt_disk_target *target)
{
        for (size_t i = 0; i < target->device_count; i++) {
                const char *name = target->devices[i].name;

                if (!target->devices[i].is_leaf)
                        continue;
                read_text(root, name, "device/model", target->model, sizeof(target->model));
                read_text(root, name, "device/serial", target->serial, sizeof(target->serial));
                if (target->serial[0] == '\0')
                        read_text(root, name, "serial", target->serial, sizeof(target->serial));
                break;
        }
        target->product = find_product(target->model) ? find_product(target->model)->name : NULL;
}

static int read_devices(const struct kt_root *root, const struct kt_mounts *mounts, struct kt_disk_target *target,
                        struct kt_findings *notes)
{
        KT_AUTO(kt_device_stack_done) struct kt_device_stack stack = { 0 };
        struct kt_err why = { 0 };
        char text[KT_ERR_TEXT_MAX];
        int r = kt_device_find(root, mounts, target->resolved, &stack, &why);

        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                kt_findings_add(notes,
                                &(struct kt_finding){ .level = KT_LEVEL_NOTE, .id = "no-disk", .source = target->path },
                                "no disk can be named behind it: %s", kt_err_text(&why, text, sizeof(text)));
                return 0;
        }

        target->devices = kt_take_ptr(stack.items);
        target->device_count = stack.count;
        stack.count = 0;
        read_queue(root, target);
        read_disk(root, target);
        return 0;
}

/* ---- A live broker ---- */

struct lock_search {
        int fd;
        size_t seen;
        bool is_held;
        bool is_hidden; /* a .lock is there but may not be opened */
};

/* LogManager.lockLogDirs holds an exclusive FileLock, which is a POSIX lock of the whole file, for as long as the
 * broker lives. F_GETLK needs no right to write. */
static void look_at_lock(struct lock_search *search, const char *path)
{
        KT_AUTO_FD int fd = kt_fs_open_beneath(search->fd, path, O_RDONLY | O_NONBLOCK, 0);
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

        if (fd < 0) {
                search->is_hidden |= fd == -EACCES || fd == -EPERM;
                return;
        }
        if (fcntl(fd, F_GETLK, &lock) == 0)
                search->is_held |= lock.l_type != F_UNLCK;
}

static int look_into(void *context, const char *name)
{
        struct lock_search *search = context;
        char path[NAME_MAX + sizeof("/.lock")];

        (void)snprintf(path, sizeof(path), "%s/.lock", name); /* a name is at most NAME_MAX long */
        look_at_lock(search, path);
        return ++search->seen == ENTRIES_MAX;
}

static void search_folder(const char *path, bool with_children, struct lock_search *search)
{
        KT_AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return;
        search->fd = fd;
        search->seen = 0;
        look_at_lock(search, ".lock");
        if (with_children && kt_fs_each(fd, look_into, search) < 0)
                search->is_hidden = true;
}

/* A log dir may be the path, lie in it, hold it, or stand beside it on the same mount. */
static void find_broker(struct kt_disk_target *target, struct kt_findings *notes)
{
        struct lock_search search = { .fd = -1 };
        char path[sizeof(target->resolved)];
        size_t mount_len = strlen(target->mount);

        memcpy(path, target->resolved, sizeof(path));
        search_folder(path, true, &search);
        for (char *slash = strrchr(path, '/'); slash && slash != path && (size_t)(slash - path) > mount_len;
             slash = strrchr(path, '/')) {
                *slash = '\0';
                search_folder(path, false, &search);
        }
        if (target->mount[0] != '\0' && strcmp(target->mount, target->resolved) != 0)
                search_folder(target->mount, true, &search);

        target->has_live_broker = search.is_held;
        if (!search.is_held && search.is_hidden)
                kt_findings_add(notes,
                                &(struct kt_finding){ .level = KT_LEVEL_WARNING,
                                                      .id = "lock-hidden",
                                                      .source = target->path,
                                                      .next = "run as the broker's user to be sure" },
                                "a .lock is there that may not be opened: a live broker cannot be ruled out");
}

/* ---- All of it ---- */

static int resolve(const char *path, struct kt_disk_target *target, struct kt_err *e)
{
        KT_AUTO_FREE char *resolved = realpath(path, NULL);
        struct statvfs space;
        struct stat st;

        if (!resolved)
                return kt_err_set(e, -errno, "find %s", path);
        if (strlen(resolved) >= sizeof(target->resolved))
                return kt_err_set(e, -ENAMETOOLONG, "use %s", path);
        if (stat(resolved, &st) < 0 || statvfs(resolved, &space) < 0)
                return kt_err_set(e, -errno, "look at %s", path);
        if (!S_ISDIR(st.st_mode))
                return kt_err_set(e, -ENOTDIR, "%s: give the folder where the volume is mounted", path);

        memcpy(target->resolved, resolved, strlen(resolved) + 1);
        target->major = major(st.st_dev);
        target->minor = minor(st.st_dev);
        target->total_bytes = (uint64_t)space.f_blocks * space.f_frsize;
        target->free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
        return 0;
}

int kt_target_read(const struct kt_root *root, const struct kt_mounts *mounts, const char *path,
                   struct kt_disk_target *ret, struct kt_findings *notes, struct kt_err *e)
{
        struct kt_disk_target target = { .path = path };
        const struct kt_mount *mount;
        int r;

        r = resolve(path, &target, e);
        if (r < 0)
                return r;

        mount = kt_mounts_of(mounts, target.resolved);
        if (mount) { /* cut where they are longer than anybody would print */
                (void)snprintf(target.mount, sizeof(target.mount), "%s", mount->target);
                (void)snprintf(target.fstype, sizeof(target.fstype), "%s", mount->fstype);
                (void)snprintf(target.source, sizeof(target.source), "%s", mount->source);
        }
        target.is_network = place_of(target.fstype) == PLACE_NETWORK;
        find_broker(&target, notes);
        r = read_devices(root, mounts, &target, notes);
        if (r < 0)
                return kt_err_set(e, r, "look at the disks of %s", path);

        *ret = target;
        return 0;
}

static bool is_memory(const struct kt_disk_target *target)
{
        return place_of(target->fstype) == PLACE_MEMORY;
}

static bool has_no_data(const struct kt_disk_target *target)
{
        return place_of(target->fstype) == PLACE_NO_DATA;
}

static bool is_overlay(const struct kt_disk_target *target)
{
        return place_of(target->fstype) == PLACE_OVERLAY;
}

static bool is_almost_full(const struct kt_disk_target *target)
{
        return target->free_bytes < target->total_bytes / 100 * KT_TARGET_FREE_PERCENT;
}

static bool has_live_broker(const struct kt_disk_target *target)
{
        return target->has_live_broker;
}

static const struct {
        const char *id;
        bool (*applies)(const struct kt_disk_target *target);
        const char *message;
        const char *next;
        bool names_fstype; /* in front of the message */
} refusals[] = {
        { "memory", is_memory, " is memory, not a disk", "give the folder where the volume is mounted", true },
        { "no-data", has_no_data, " holds no data: the kernel shows itself there",
          "give the folder where the volume is mounted", true },
        { "overlay", is_overlay, "it is the container's own layer (overlay), not a volume",
          "give the folder where the volume is mounted", false },
        { "almost-full", is_almost_full, "less than 5 % of it is free",
          "make room, or measure a fresh volume of the same class", false },
        { "live-broker", has_live_broker, "a broker lives there (it holds a .lock); both would suffer",
          "stop the broker, or measure a fresh volume of the same class", false },
};

void kt_target_judge(const struct kt_disk_target *target, bool is_forced, struct kt_findings *findings)
{
        for (size_t i = 0; i < KT_COUNT(refusals); i++) {
                const struct kt_finding head = {
                        .level = is_forced ? KT_LEVEL_WARNING : KT_LEVEL_ERROR,
                        .id = refusals[i].id,
                        .source = target->path,
                        .next = is_forced ? NULL : refusals[i].next,
                };

                if (refusals[i].applies(target))
                        kt_findings_add(findings, &head, "%s%s%s", refusals[i].names_fstype ? target->fstype : "",
                                        refusals[i].message, is_forced ? "; measured all the same (--force)" : "");
        }
        if (target->is_network)
                kt_findings_add(findings,
                                &(struct kt_finding){ .level = KT_LEVEL_WARNING,
                                                      .id = "network",
                                                      .source = target->path,
                                                      .next = "prefer a block volume for Kafka" },
                                "%s is served over a network: caches on the way may flatter the numbers",
                                target->fstype);
}

static bool is_same_disk(const struct kt_device *a, const struct kt_device *b)
{
        if (strcmp(a->name, b->name) == 0)
                return true;
        return a->is_leaf && b->is_leaf && a->id[0] != '\0' && strcmp(a->id, b->id) == 0;
}

bool kt_target_shares_disk(const struct kt_disk_target *a, const struct kt_disk_target *b)
{
        if (a->major == b->major && a->minor == b->minor)
                return true;
        if (a->serial[0] != '\0' && strcmp(a->serial, b->serial) == 0)
                return true;

        for (size_t i = 0; i < a->device_count; i++)
                for (size_t k = 0; k < b->device_count; k++)
                        if (is_same_disk(&a->devices[i], &b->devices[k]))
                                return true;
        return false;
}
