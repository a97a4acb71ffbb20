/* SPDX-License-Identifier: Apache-2.0 */
/* What is really on a volume.
 *
 * What an attacker controls: all of it. Names are only looked up beneath the volume's own descriptor, files are read
 * with a limit and only when they are regular, and what is counted is counted without trusting any size field. */
#include "initc/facts.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "initc/walk.h"
#include "lib/base/array.h"
#include "lib/kafka/checkpoint.h"
#include "lib/kafka/names.h"
#include "lib/os/fs.h"

#define LOG_DIR_PREFIX "kafka-log"

enum { CANDIDATES_MAX = 64 }; /* directories of a mount that are looked into */

/* ---- names for messages ---- */

static void seen_add(struct kt_seen *seen, const char *name)
{
        struct kt_str printable = { 0 };

        if (seen->count < KT_SEEN_NAMES_MAX) {
                kt_str_add_printable(&printable, name); /* it goes into messages, and whoever chose it may be hostile */
                seen->names[seen->count] = kt_str_take(&printable); /* NULL: one example less */
        }
        seen->count++;
}

static void seen_done(struct kt_seen *seen)
{
        for (size_t i = 0; i < KT_SEEN_NAMES_MAX; i++)
                free(seen->names[i]);
}

static void log_dir_done(struct kt_log_dir *dir)
{
        for (size_t i = 0; i < KT_ENTRY_COUNT_; i++)
                seen_done(&dir->by_entry[i]);
        seen_done(&dir->foreign);
        free(dir->name);
}

static void volume_done(struct kt_volume *volume)
{
        for (size_t i = 0; i < volume->log_dir_count; i++)
                log_dir_done(&volume->log_dirs[i]);
        free(volume->log_dirs);
        free(volume->fstype);
        free(volume->source);
        kt_close(volume->fd);
}

void kt_volumes_done(struct kt_volumes *volumes)
{
        for (size_t i = 0; i < volumes->count; i++)
                volume_done(&volumes->items[i]);
        free(volumes->items);
        *volumes = (struct kt_volumes){ 0 };
}

struct kt_log_dir *kt_volume_log_dir(const struct kt_volume *volume, const char *name)
{
        for (size_t i = 0; i < volume->log_dir_count; i++)
                if (strcmp(volume->log_dirs[i].name, name) == 0)
                        return &volume->log_dirs[i];
        return NULL;
}

int kt_volume_open_log_dir(const struct kt_volume *volume, const struct kt_log_dir *dir)
{
        return kt_fs_open_beneath(volume->fd, dir->name, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
}

uint64_t kt_log_dir_fixable(const struct kt_log_dir *dir)
{
        return dir->by_entry[KT_ENTRY_FIXABLE].count;
}

/* ---- the mount ---- */

static int read_mount(const struct kt_mounts *mounts, struct kt_volume *volume)
{
        const struct kt_mount *at = kt_mounts_at(mounts, volume->path);
        const struct kt_mount *of = at ? at : kt_mounts_of(mounts, volume->path);

        volume->is_mount_point = at != NULL;
        if (!of)
                return 0;

        volume->fstype = strdup(of->fstype);
        volume->source = strdup(of->source);
        volume->is_read_only = kt_mount_has_option(of, "ro");
        return volume->fstype && volume->source ? 0 : -ENOMEM;
}

static void read_room(struct kt_volume *volume)
{
        struct statvfs vfs;

        if (fstatvfs(volume->fd, &vfs) < 0)
                return; /* a total of 0 says that it is not known */

        volume->total_bytes = (uint64_t)vfs.f_blocks * vfs.f_frsize;
        volume->free_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
        volume->free_files = vfs.f_files ? vfs.f_favail : UINT64_MAX; /* btrfs and others count none */
        volume->is_read_only = volume->is_read_only || vfs.f_flag & ST_RDONLY;
}

/* ---- whose log dir ---- */

static void read_meta(int dir_fd, struct kt_log_dir *dir)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        struct kt_err e = { 0 };
        int r;

        r = kt_fs_read(dir_fd, KT_META_FILE, KT_META_FILE_MAX, &text);
        if (r == -ENOENT)
                return;

        dir->has_meta = true;
        dir->meta_errno = r;
        if (r < 0)
                (void)kt_err_set(&e, r, "read %s", KT_META_FILE); /* only its text is wanted */
        else if (kt_meta_parse(KT_META_FILE, kt_str_get(&text), text.len, &dir->meta, &e) == 0)
                dir->is_meta_readable = true;
        if (!dir->is_meta_readable)
                (void)kt_err_text(&e, dir->meta_error, sizeof(dir->meta_error)); /* returns its own buffer */
}

static bool has_name(int dir_fd, const char *name)
{
        struct stat st;

        /* what cannot be looked at may be there */
        return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* Anything but what formatting leaves there. */
static int is_record(void *context, const char *name)
{
        (void)context; /* the name alone decides */
        return strcmp(name, KT_CHECKPOINT_FIRST) != 0 && !strstr(name, ".k8skafka-tmp");
}

static void read_log_dir(int dir_fd, struct kt_log_dir *dir)
{
        KT_AUTO_FD int metadata = kt_fs_open_beneath(dir_fd, KT_CHECKPOINT_METADATA_DIR, O_RDONLY | O_DIRECTORY, 0);

        dir->exists = true;
        dir->has_metadata_log = has_name(dir_fd, KT_CHECKPOINT_METADATA_DIR);
        /* what cannot be looked into counts as used: it must never be formatted over */
        dir->has_metadata_records =
                dir->has_metadata_log && (metadata < 0 || kt_fs_each(metadata, is_record, NULL) != 0);
        read_meta(dir_fd, dir);
}

/* What is there and cannot be opened may hold anything: it must never be taken for missing or empty. */
static void note_unopened(struct kt_log_dir *dir, int error)
{
        struct kt_err e = { 0 };

        dir->exists = true;
        dir->error = kt_err_set(&e, error, "open the log dir itself");
        dir->has_meta = true;
        (void)kt_err_text(&e, dir->meta_error, sizeof(dir->meta_error)); /* returns its own buffer */
}

struct kt_log_dir *kt_volume_add_log_dir(struct kt_volume *volume, const char *name)
{
        struct kt_log_dir *dir = kt_volume_log_dir(volume, name);
        KT_AUTO_FD int fd = -1;
        char *copy;

        if (dir)
                return dir;
        if (kt_array_reserve(&volume->log_dirs, &volume->log_dir_cap, volume->log_dir_count + 1, sizeof(*dir)) < 0)
                return NULL;
        copy = strdup(name);
        if (!copy)
                return NULL;

        dir = &volume->log_dirs[volume->log_dir_count++];
        dir->name = copy;
        fd = volume->fd < 0 ? -ENOENT : kt_volume_open_log_dir(volume, dir);
        if (fd >= 0)
                read_log_dir(fd, dir);
        else if (fd != -ENOENT)
                note_unopened(dir, fd);
        return dir;
}

static bool is_our_name(const char *name)
{
        size_t prefix = strlen(LOG_DIR_PREFIX);

        return strncmp(name, LOG_DIR_PREFIX, prefix) == 0 && isdigit((unsigned char)name[prefix]) &&
               name[prefix + strspn(name + prefix, "0123456789")] == '\0';
}

static int look_at(void *context, const char *name)
{
        struct kt_volume *volume = context;
        KT_AUTO_FD int fd = -1;

        if (strcmp(name, "lost+found") == 0)
                volume->has_lost_found = true;
        if (volume->log_dir_count >= CANDIDATES_MAX)
                return 0;

        fd = kt_fs_open_beneath(volume->fd, name, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
        if (fd < 0 || !(is_our_name(name) || has_name(fd, KT_META_FILE)))
                return 0;
        return kt_volume_add_log_dir(volume, name) ? 0 : -ENOMEM;
}

/* A mount that was itself a log dir: it has a meta.properties, or partitions without one. */
static int look_for_partitions(void *context, const char *name)
{
        bool *found = context;

        *found = *found || kt_names_dir(&kt_kafka_versions[kt_kafka_version_count - 1], name) == KT_DIR_PARTITION ||
                 strcmp(name, KT_CHECKPOINT_METADATA_DIR) == 0;
        return 0;
}

static int read_candidates(struct kt_volume *volume)
{
        bool has_partitions = false;
        int r;

        r = kt_fs_each(volume->fd, look_for_partitions, &has_partitions);
        if (r == 0 && (has_partitions || has_name(volume->fd, KT_META_FILE)))
                r = kt_volume_add_log_dir(volume, ".") ? 0 : -ENOMEM;
        if (r == 0)
                r = kt_fs_each(volume->fd, look_at, volume);
        if (r < 0 && r != -ENOMEM) { /* a volume that cannot be listed is a fact */
                volume->error = r;
                volume->fd = kt_close(volume->fd);
                r = 0;
        }
        return r;
}

static int read_volume(const struct kt_root *root, const struct kt_mounts *mounts, struct kt_volume *volume)
{
        int r;

        r = read_mount(mounts, volume);
        if (r < 0)
                return r;

        volume->fd = kt_root_open_file(root, volume->path, O_RDONLY | O_DIRECTORY);
        if (volume->fd < 0 || fstat(volume->fd, &volume->st) < 0) {
                volume->error = volume->fd < 0 ? volume->fd : -errno;
                volume->fd = kt_close(volume->fd);
                return 0;
        }
        read_room(volume);
        return read_candidates(volume);
}

int kt_facts_read(const struct kt_root *root, char *const *paths, size_t count, struct kt_volumes *ret,
                  struct kt_err *e)
{
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };
        KT_AUTO(kt_volumes_done) struct kt_volumes volumes = { 0 };
        int r;

        r = kt_mounts_load(root, NULL, &mounts, e);
        if (r < 0)
                return r;

        volumes.items = calloc(count ? count : 1, sizeof(*volumes.items));
        if (!volumes.items)
                return kt_err_set(e, -ENOMEM, "look at the volumes");

        for (size_t i = 0; i < count; i++) {
                volumes.items[i] = (struct kt_volume){ .path = paths[i], .fd = -1 };
                volumes.count++;
                r = read_volume(root, &mounts, &volumes.items[i]);
                if (r < 0)
                        return kt_err_set(e, r, "look at the volume %s", paths[i]);
        }

        *ret = volumes;
        volumes = (struct kt_volumes){ 0 };
        return 0;
}

/* ---- the walk ---- */

struct count {
        struct kt_log_dir *dir;
        const struct kt_kafka_version *version;
        const struct kt_owner *owner;
};

static void count_file(struct count *count, const struct kt_walk_entry *entry)
{
        struct kt_need_found *found = &count->dir->found;
        bool is_empty = entry->st.st_size == 0;

        switch (kt_names_file(entry->name)) {
        case KT_FILE_LOG:
                found->segments++;
                break;
        case KT_FILE_INDEX:
        case KT_FILE_TIMEINDEX:
                found->indexes += !is_empty;
                break;
        case KT_FILE_TXNINDEX:
                found->txnindexes++;
                break;
        case KT_FILE_DELETED:
                found->deleted += strstr(entry->name, ".log.deleted") != NULL; /* one of the files of each segment */
                break;
        case KT_FILE_CHECKPOINT:
        case KT_FILE_OTHER:
        case KT_FILE_COUNT_:
                break;
        }
}

/* A directory directly in the log dir: the broker's, or one that it dies of. */
static void count_top_dir(struct count *count, const char *name)
{
        struct kt_log_dir *dir = count->dir;

        switch (kt_names_dir(count->version, name)) {
        case KT_DIR_PARTITION:
                dir->found.partitions++;
                break;
        case KT_DIR_FOREIGN:
                seen_add(&dir->foreign, name);
                break;
        case KT_DIR_DELETE:
        case KT_DIR_FUTURE:
        case KT_DIR_STRAY:
        case KT_DIR_REMOTE_INDEX:
                dir->other_files++; /* a broker was here, so the log dir is not new */
                break;
        case KT_DIR_METADATA:
        case KT_DIR_COUNT_:
                break;
        }
}

/* Files at the top that formatting makes, whole or as the temporary file of one that was killed. */
static bool is_of_format(const char *name)
{
        return strcmp(name, KT_CHECKPOINT_BOOTSTRAP) == 0 || strcmp(name, KT_META_FILE) == 0 ||
               strstr(name, ".k8skafka-tmp");
}

static int count_entry(void *context, const struct kt_walk_entry *entry)
{
        struct count *count = context;
        bool is_dir = S_ISDIR(entry->st.st_mode);
        enum kt_entry judged = entry->problem;

        if (judged == KT_ENTRY_RIGHT)
                judged = kt_entry_judge(&entry->st, count->owner);
        if (judged == KT_ENTRY_UNREADABLE && count->dir->unreadable_error == 0)
                count->dir->unreadable_error = entry->error;
        seen_add(&count->dir->by_entry[judged], entry->path);
        count->dir->entries++;

        if (entry->depth == 1 && is_dir)
                count_top_dir(count, entry->name);
        else if (entry->depth == 1)
                count->dir->other_files += !is_of_format(entry->name);
        else if (entry->depth == 2 && S_ISREG(entry->st.st_mode))
                count_file(count, entry);
        return 0;
}

int kt_facts_walk(const struct kt_volume *volume, struct kt_log_dir *dir, const struct kt_kafka_version *version,
                  const struct kt_owner *owner, struct kt_err *e)
{
        struct count count = { .dir = dir, .version = version, .owner = owner };
        KT_AUTO_FD int fd = -1;
        struct stat st;
        int r;

        if (dir->was_walked || !dir->exists || volume->fd < 0) {
                dir->was_walked = true;
                return 0;
        }

        if (dir->error < 0) {
                seen_add(&dir->by_entry[dir->error == -EXDEV ? KT_ENTRY_OTHER_MOUNT : KT_ENTRY_UNREADABLE], ".");
                dir->was_walked = true;
                return 0;
        }

        fd = kt_volume_open_log_dir(volume, dir);
        if (fd < 0)
                return kt_err_set(e, fd, "open %s/%s", volume->path, dir->name);
        if (fstat(fd, &st) < 0)
                return kt_err_set(e, -errno, "look at %s/%s", volume->path, dir->name);

        seen_add(&dir->by_entry[kt_entry_judge(&st, owner)], ".");
        dir->entries++;
        r = kt_walk(fd, count_entry, &count);
        if (r < 0)
                return kt_err_set(e, r, "walk %s/%s", volume->path, dir->name);

        dir->was_walked = true;
        return 0;
}
