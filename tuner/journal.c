/* SPDX-License-Identifier: Apache-2.0 */
/* The journal. Root writes it, but a crash may have torn it and a person may have edited it: every line is checked, and
 * a journal that is not understood is left alone. */
#include "tuner/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/app/report.h"
#include "lib/base/array.h"
#include "lib/base/auto.h"
#include "lib/os/fs.h"
#include "lib/text/str.h"
#include "lib/text/time.h"

#define KIND "TunerChange"

enum {
        LOCK_NAP_MS = 50,
        COMPACT_ABOVE = 1 << 20, /* thousands of changes; what is closed is thrown away then */
};

/* The word in the file, and the states from which it may follow, as bits. */
#define FROM(state) (1u << (state))
static const struct {
        const char *event;
        unsigned from;
        bool is_open;
} states[KT_CHANGE_COUNT_] = {
        [KT_CHANGE_INTENT] = { "intent", 0, true },
        [KT_CHANGE_PROVING] = { "proving", FROM(KT_CHANGE_INTENT) | FROM(KT_CHANGE_PROVING), true },
        [KT_CHANGE_DONE] = { "done", FROM(KT_CHANGE_INTENT) | FROM(KT_CHANGE_PROVING) | FROM(KT_CHANGE_REVERTING),
                             true },
        [KT_CHANGE_VOID] = { "void", FROM(KT_CHANGE_INTENT) | FROM(KT_CHANGE_PROVING), false },
        [KT_CHANGE_REVERTING] = { "reverting", FROM(KT_CHANGE_DONE), true },
        [KT_CHANGE_REVERTED] = { "reverted", FROM(KT_CHANGE_REVERTING) | FROM(KT_CHANGE_DONE), false },
        [KT_CHANGE_FORGOTTEN] = { "forgotten",
                                  FROM(KT_CHANGE_INTENT) | FROM(KT_CHANGE_PROVING) | FROM(KT_CHANGE_DONE) |
                                          FROM(KT_CHANGE_REVERTING),
                                  false },
        [KT_CHANGE_OVERTAKEN] = { "overtaken", FROM(KT_CHANGE_PROVING) | FROM(KT_CHANGE_DONE), false },
};

/* The texts of a change, as members of its line. */
static const struct {
        const char *key;
        size_t offset;
} texts[] = {
        { "bootId", offsetof(struct kt_change, boot_id) },
        { "time", offsetof(struct kt_change, time) },
        { "id", offsetof(struct kt_change, id) },
        { "object", offsetof(struct kt_change, object) },
        { "identity", offsetof(struct kt_change, identity) },
        { "old", offsetof(struct kt_change, before) },
        { "new", offsetof(struct kt_change, wrote) },
        { "undoId", offsetof(struct kt_change, undo_id) },
        { "undoValue", offsetof(struct kt_change, undo_value) },
};

static char **text_of(struct kt_change *change, size_t i)
{
        return (char **)((char *)change + texts[i].offset);
}

static const char *const_text_of(const struct kt_change *change, size_t i)
{
        return *(char *const *)((const char *)change + texts[i].offset);
}

static void change_done(struct kt_change *change)
{
        for (size_t i = 0; i < KT_COUNT(texts); i++)
                free(*text_of(change, i));
        free(change->now);
        free(change->effect);
        *change = (struct kt_change){ 0 };
}

void kt_journal_done(struct kt_journal *journal)
{
        for (size_t i = 0; i < journal->count; i++)
                change_done(&journal->items[i]);
        free(journal->items);
        free(journal->path);
        journal->fd = kt_close(journal->fd);
        journal->dir_fd = kt_close(journal->dir_fd); /* gives the lock back */
        *journal = (struct kt_journal){ .dir_fd = -1, .fd = -1 };
}

bool kt_change_is_open(const struct kt_change *change)
{
        return states[change->state].is_open;
}

bool kt_change_is_guard(const struct kt_change *change)
{
        return strcmp(change->before, change->wrote) == 0;
}

bool kt_journal_is_of_this_boot(const struct kt_journal *journal, const struct kt_change *change)
{
        return strcmp(journal->boot_id, change->boot_id) == 0;
}

/* ---- Reading ---- */

static struct kt_change *find_change(struct kt_journal *journal, uint64_t seq)
{
        for (size_t i = journal->count; i > 0; i--) /* it is nearly always one of the last */
                if (journal->items[i - 1].seq == seq)
                        return &journal->items[i - 1];
        return NULL;
}

static int copy_text(const struct kt_json *line, const char *key, char **ret)
{
        const char *text = NULL;
        int r;

        r = kt_json_get_text(line, key, &text);
        if (r < 0)
                return r;

        free(*ret);
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

static int read_intent(const struct kt_json *line, uint64_t seq, struct kt_journal *journal)
{
        struct kt_change *change;

        if (seq < journal->next_seq || seq >= INT64_MAX) /* the next one has to fit into JSON, too */
                return -EBADMSG;
        if (kt_array_reserve(&journal->items, &journal->cap, journal->count + 1, sizeof(*journal->items)) < 0)
                return -ENOMEM;

        change = &journal->items[journal->count++];
        *change = (struct kt_change){ .seq = seq };
        journal->next_seq = seq + 1;
        for (size_t i = 0; i < KT_COUNT(texts); i++) {
                int r = copy_text(line, texts[i].key, text_of(change, i));

                if (r < 0)
                        return r;
        }
        return kt_json_get_count(line, "writerPid", &change->writer_pid);
}

static int read_event(const struct kt_json *line, uint64_t seq, enum kt_change_state state, struct kt_journal *journal)
{
        struct kt_change *change = find_change(journal, seq);
        int r;

        if (!change || !(states[state].from & FROM(change->state)))
                return -EBADMSG;

        r = copy_text(line, "now", &change->now);
        if (r == 0 || r == -ENOENT)
                r = copy_text(line, "effect", &change->effect);
        if (r < 0 && r != -ENOENT)
                return r;
        if (state == KT_CHANGE_DONE && !change->now)
                return -EBADMSG; /* revert compares with it */
        change->state = state;
        return 0;
}

static int read_members(const struct kt_json *line, struct kt_journal *journal)
{
        const char *kind = NULL;
        const char *event = NULL;
        uint64_t seq = 0;
        int r;

        r = kt_json_get_text(line, "kind", &kind);
        if (r == 0)
                r = kt_json_get_text(line, "event", &event);
        if (r == 0)
                r = kt_json_get_count(line, "seq", &seq);
        if (r < 0)
                return r;
        if (strcmp(kind, KIND) != 0)
                return -EBADMSG;

        if (strcmp(event, states[KT_CHANGE_INTENT].event) == 0)
                return read_intent(line, seq, journal);
        for (enum kt_change_state state = 0; state < KT_CHANGE_COUNT_; state++)
                if (strcmp(event, states[state].event) == 0)
                        return read_event(line, seq, state, journal);
        return -EBADMSG;
}

static int read_line(const char *name, size_t number, const char *text, size_t len, struct kt_journal *journal,
                     struct kt_err *e)
{
        struct kt_json *line = NULL;
        struct kt_err reason = { 0 };
        int r = -EBADMSG;

        if (len <= KT_JOURNAL_LINE_MAX)
                r = kt_json_parse(name, text, len, &line, &reason);
        if (r == 0)
                r = read_members(line, journal);
        kt_json_free(line);
        if (r == -ENOMEM)
                return kt_err_set(e, r, "read %s", name);
        return r < 0 ? kt_err_set(e, -EBADMSG, "%s:%zu: this is no line of a journal", name, number) : 0;
}

int kt_journal_parse(const char *name, const char *text, size_t len, struct kt_journal *ret, size_t *ret_good,
                     struct kt_err *e)
{
        const char *at = text;
        const char *end = text + len;
        const char *newline;

        if (ret->next_seq == 0)
                ret->next_seq = 1;
        for (size_t number = 1; at < end; number++) {
                int r;

                newline = memchr(at, '\n', (size_t)(end - at));
                if (!newline)
                        break;
                r = read_line(name, number, at, (size_t)(newline - at), ret, e);
                if (r < 0)
                        return r;
                at = newline + 1;
        }
        *ret_good = (size_t)(at - text);
        return 0;
}

/* ---- Writing ---- */

/* kt_json_render breaks lines between members; within a text a newline is always escaped. */
static void add_on_one_line(const char *text, struct kt_str *out)
{
        for (; *text != '\0'; text++) {
                if (*text == '\n')
                        text += strspn(text, "\n ") - 1;
                else
                        kt_str_add_char(out, *text);
        }
        kt_str_add_char(out, '\n');
}

/* Takes line. */
static int render_line(struct kt_json *line, struct kt_str *out)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        int r = kt_json_render(line, &text);

        kt_json_free(line);
        if (r == 0)
                add_on_one_line(kt_str_get(&text), out);
        return r < 0 ? r : kt_str_error(out);
}

static struct kt_json *new_line(uint64_t seq, enum kt_change_state state)
{
        struct kt_json *line = kt_json_new(KIND);

        kt_json_count(line, "seq", seq);
        kt_json_text(line, "event", states[state].event);
        return line;
}

static int render_intent(const struct kt_change *change, struct kt_str *out)
{
        struct kt_json *line = new_line(change->seq, KT_CHANGE_INTENT);

        for (size_t i = 0; i < KT_COUNT(texts); i++)
                kt_json_text(line, texts[i].key, const_text_of(change, i));
        kt_json_count(line, "writerPid", change->writer_pid);
        return render_line(line, out);
}

/* What a line behind the intent says besides its state. Both may be NULL. */
struct event {
        const char *now;
        const char *effect;
};

static int render_event(const struct kt_change *change, enum kt_change_state state, const struct event *event,
                        const char *when, struct kt_str *out)
{
        struct kt_json *line = new_line(change->seq, state);

        if (event->now)
                kt_json_text(line, "now", event->now);
        if (event->effect)
                kt_json_text(line, "effect", event->effect);
        kt_json_text(line, "time", when);
        return render_line(line, out);
}

/* 0 only when the line is on the disk. What is left of a failed write is cut off again, or later taken for torn. */
static int append(struct kt_journal *journal, const struct kt_str *line, struct kt_err *e)
{
        off_t end = lseek(journal->fd, 0, SEEK_END);
        int r;

        if (end < 0)
                return kt_err_set(e, -errno, "find the end of %s", journal->path);
        if ((uint64_t)end + line->len > KT_JOURNAL_FILE_MAX)
                return kt_err_set(e, -EFBIG, "%s would get longer than %d bytes", journal->path, KT_JOURNAL_FILE_MAX);

        r = kt_fs_write_all(journal->fd, line->data, line->len);
        if (r == 0 && fsync(journal->fd) < 0)
                r = -errno;
        if (r == 0)
                return 0;
        if (ftruncate(journal->fd, end) < 0)
                return kt_err_set(e, r, "write %s, and cutting it off again failed", journal->path);
        return kt_err_set(e, r, "write %s", journal->path);
}

static int copy_change(const struct kt_change *draft, struct kt_change *ret)
{
        for (size_t i = 0; i < KT_COUNT(texts); i++) {
                *text_of(ret, i) = strdup(const_text_of(draft, i));
                if (!*text_of(ret, i))
                        return -ENOMEM;
        }
        return 0;
}

int kt_journal_begin(struct kt_journal *journal, const struct kt_change *draft, size_t *ret_index, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str line = { 0 };
        KT_AUTO(change_done) struct kt_change change = { 0 };
        struct kt_change full = *draft;
        char when[KT_TIME_TEXT_MAX];
        int r;

        (void)kt_time_format(time(NULL), when); /* for people only; nothing depends on it */
        full.boot_id = journal->boot_id;
        full.time = when;
        r = copy_change(&full, &change);
        if (r == 0)
                r = kt_array_reserve(&journal->items, &journal->cap, journal->count + 1, sizeof(*journal->items));
        change.seq = journal->next_seq;
        change.writer_pid = (uint64_t)getpid();
        if (r == 0)
                r = render_intent(&change, &line);
        if (r < 0)
                return kt_err_set(e, r, "write down the change of %s", draft->id);
        r = append(journal, &line, e);
        if (r < 0)
                return r;

        *ret_index = journal->count;
        journal->items[journal->count++] = change;
        journal->next_seq++;
        change = (struct kt_change){ 0 };
        return 0;
}

static void take_text(char **text, char **copy)
{
        if (!*copy)
                return;
        free(*text);
        *text = kt_take_ptr(*copy);
}

int kt_journal_conclude(struct kt_journal *journal, size_t index, enum kt_change_state state, const char *now,
                        const char *effect, struct kt_err *e)
{
        struct kt_change *change = &journal->items[index];
        const struct event event = { .now = now, .effect = effect };
        KT_AUTO_FREE char *new_now = now ? strdup(now) : NULL;
        KT_AUTO_FREE char *new_effect = effect ? strdup(effect) : NULL;
        KT_AUTO_STR struct kt_str line = { 0 };
        char when[KT_TIME_TEXT_MAX];
        int r = (now && !new_now) || (effect && !new_effect) ? -ENOMEM : 0;

        (void)kt_time_format(time(NULL), when); /* for people only; nothing depends on it */
        if (r == 0)
                r = render_event(change, state, &event, when, &line);
        if (r < 0)
                return kt_err_set(e, r, "write down what became of %s", change->id);
        r = append(journal, &line, e);
        if (r < 0)
                return r;

        change->state = state;
        take_text(&change->now, &new_now);
        take_text(&change->effect, &new_effect);
        return 0;
}

int kt_journal_move(struct kt_journal *journal, size_t index, enum kt_change_state state, const char *now,
                    struct kt_err *e)
{
        return kt_journal_conclude(journal, index, state, now, NULL, e);
}

/* ---- Opening ---- */

static int lock(int dir_fd, const char *path, int wait_ms, struct kt_err *e)
{
        const struct timespec nap = { .tv_nsec = LOCK_NAP_MS * 1000000L };

        for (int waited_ms = 0; flock(dir_fd, LOCK_EX | LOCK_NB) < 0; waited_ms += LOCK_NAP_MS) {
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return kt_err_set(e, -errno, "lock the folder of %s", path);
                if (waited_ms >= wait_ms)
                        return kt_err_set(e, -EBUSY,
                                          "another kafka-tuner works with %s (waited %d s); run it again when that "
                                          "one is through",
                                          path, wait_ms / 1000);
                (void)nanosleep(&nap, NULL); /* a shorter nap does no harm */
        }
        return 0;
}

static int open_file(struct kt_journal *journal, const char *name, struct kt_err *e)
{
        struct stat st;

        journal->fd =
                openat(journal->dir_fd, name, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
        if (journal->fd < 0)
                return kt_err_set(e, -errno, "open %s", journal->path);
        if (fstat(journal->fd, &st) < 0)
                return kt_err_set(e, -errno, "look at %s", journal->path);
        if (!S_ISREG(st.st_mode))
                return kt_err_set(e, -EINVAL, "%s is no regular file", journal->path);
        if (fsync(journal->dir_fd) < 0) /* it may be new */
                return kt_err_set(e, -errno, "sync the folder of %s", journal->path);
        return 0;
}

static int load(struct kt_journal *journal, size_t *ret_len, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        int r;

        r = kt_fs_read_fd(journal->fd, KT_JOURNAL_FILE_MAX, &text);
        if (r < 0)
                return kt_err_set(e, r, "read %s", journal->path);
        r = kt_journal_parse(journal->path, kt_str_get(&text), text.len, journal, ret_len, e);
        if (r < 0)
                return r;
        if (*ret_len < text.len && ftruncate(journal->fd, (off_t)*ret_len) < 0)
                return kt_err_set(e, -errno, "cut the torn last line off %s", journal->path);
        return 0;
}

/* The lines behind the intent that lead to the present state. */
static int render_events(const struct kt_change *change, struct kt_str *out)
{
        const struct event event = { .now = change->now, .effect = change->effect };
        const enum kt_change_state first = change->state == KT_CHANGE_PROVING ? KT_CHANGE_PROVING : KT_CHANGE_DONE;
        int r;

        if (change->state == KT_CHANGE_INTENT)
                return 0;
        r = render_event(change, first, &event, change->time, out);
        if (r == 0 && change->state == KT_CHANGE_REVERTING)
                r = render_event(change, KT_CHANGE_REVERTING, &(const struct event){ 0 }, change->time, out);
        return r;
}

/* The lines of what is open and of this boot: all that a later run needs. */
static int render_open(const struct kt_journal *journal, struct kt_str *out)
{
        for (size_t i = 0; i < journal->count; i++) {
                const struct kt_change *change = &journal->items[i];
                int r;

                if (!kt_change_is_open(change) || !kt_journal_is_of_this_boot(journal, change))
                        continue;
                r = render_intent(change, out);
                if (r == 0)
                        r = render_events(change, out);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int compact(struct kt_journal *journal, const char *name, struct kt_err *e)
{
        const struct kt_fs_attr attr = { .mode = 0644, .uid = (uid_t)-1, .gid = (gid_t)-1 };
        KT_AUTO_STR struct kt_str text = { 0 };
        int r;

        r = render_open(journal, &text);
        if (r < 0)
                return kt_err_set(e, r, "shorten %s", journal->path);
        r = kt_fs_write_atomic(journal->dir_fd, name, kt_str_get(&text), text.len, &attr, e);
        if (r < 0)
                return r;
        journal->fd = kt_close(journal->fd);
        return open_file(journal, name, e);
}

static int open_folder(struct kt_journal *journal, struct kt_err *e)
{
        char folder[PATH_MAX];
        size_t len = strlen(journal->path);
        int fd;

        if (len >= sizeof(folder))
                return kt_err_set(e, -ENAMETOOLONG, "open the folder of %s", journal->path);

        memcpy(folder, journal->path, len + 1);
        fd = kt_fs_make_dir(dirname(folder), 0755, e);
        if (fd < 0)
                return fd;
        journal->dir_fd = fd;
        return 0;
}

bool kt_journal_is_refused(int code)
{
        return code == -EACCES || code == -EPERM || code == -EROFS;
}

int kt_journal_open(const char *path, const struct kt_root *root, int wait_ms, struct kt_journal *ret, struct kt_err *e)
{
        const char *name;
        size_t len = 0;
        int r;

        ret->path = strdup(path ? path : KT_JOURNAL_PATH);
        if (!ret->path)
                return kt_err_set(e, -ENOMEM, "open the journal");
        name = strrchr(ret->path, '/');
        name = name ? name + 1 : ret->path;
        if (name[0] == '\0')
                return kt_err_set(e, -EISDIR, "open %s as the journal", ret->path);
        r = kt_root_read(root, "/proc/sys/kernel/random/boot_id", ret->boot_id, sizeof(ret->boot_id));
        if (r < 0)
                return kt_err_set(e, r, "read the kernel's boot_id");

        r = open_folder(ret, e);
        if (r == 0)
                r = lock(ret->dir_fd, ret->path, wait_ms, e);
        if (r == 0)
                r = open_file(ret, name, e);
        if (r == 0)
                r = load(ret, &len, e);
        if (r == 0 && len > COMPACT_ABOVE)
                r = compact(ret, name, e);
        return r;
}
