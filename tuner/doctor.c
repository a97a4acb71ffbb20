/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-tuner doctor: why a setting cannot be changed here, and who will change it back. */
#include "tuner/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/app/exit.h"
#include "lib/app/report.h"
#include "lib/base/array.h"
#include "lib/os/fs.h"
#include "lib/text/num.h"
#include "tuner/judge.h"
#include "tuner/queue.h"
#include "tuner/table.h"
#include "tuner/verbs.h"

enum {
        STATUS_MAX = 16 << 10,
        OS_RELEASE_MAX = 16 << 10,
        NUMBER_MAX = 32,
        NAME_BYTES = 128, /* a string of SMBIOS; the kernel cuts longer ones */
        DETAIL_COLUMN = 10,
        UID_COLUMN = 1, /* "Uid: real effective saved fs", counted from 0 */
};

#define NR_OPEN_PATH "/proc/sys/fs/nr_open"

static const struct {
        const char *name; /* in reports */
        enum kt_exit code;
} cans[KT_CAN_COUNT_] = {
        [KT_CAN_NOT_FOUND] = { "unsupported", KT_EXIT_UNSUPPORTED },
        [KT_CAN_NOT_MOUNT] = { "read-only", KT_EXIT_UNSUPPORTED },
        [KT_CAN_NOT_USER] = { "denied", KT_EXIT_UNSUPPORTED },
        [KT_CAN_NOT_BOUND] = { "bounded", KT_EXIT_UNSUPPORTED },
        [KT_CAN_UNKNOWN] = { "unknown", KT_EXIT_UNSUPPORTED },
        [KT_CAN_FACT] = { "fact", KT_EXIT_OK },
        [KT_CAN_SET] = { "settable", KT_EXIT_OK },
};

/* Who made the machine, by two files below /sys/class/dmi/id. Both columns have to fit; "" fits all. */
static const struct {
        const char *vendor;
        const char *product;
        const char *provider;
} machines[] = {
        { "Amazon EC2", "", "AWS" },
        { "Google", "Google Compute Engine", "Google Cloud" },
        { "Microsoft Corporation", "Virtual Machine", "Azure or Hyper-V" },
        { "Alibaba Cloud", "", "Alibaba Cloud" },
        { "DigitalOcean", "", "DigitalOcean" },
        { "Hetzner", "", "Hetzner" },
        { "OpenStack Foundation", "", "OpenStack" },
        { "VMware, Inc.", "", "VMware" },
        { "QEMU", "", "QEMU" },
};

/* Systems whose files are not for their users to change: where their providers take settings (ID of os-release(5)). A
 * system that more than one provider has counts only on the machines of the one that is named. */
static const struct {
        const char *id;
        const char *provider; /* NULL: any */
        const char *managed;
} systems[] = {
        { "azurelinux", "Azure or Hyper-V", "AKS: customLinuxOSConfig when the node pool is made" },
        { "mariner", "Azure or Hyper-V", "AKS: customLinuxOSConfig when the node pool is made" },
        { "cos", "Google Cloud", "GKE: linuxConfig.sysctl in the node pool's system configuration" },
        { "bottlerocket", NULL, "Bottlerocket: settings.kernel.sysctl in the node's user data" },
        { "talos", NULL, "Talos: machine.sysctls in the machine configuration" },
        { "rhcos", NULL, "OpenShift: a Tuned object of the Node Tuning Operator" },
        { "flatcar", NULL, "Flatcar: a sysctl.d file from the node's Butane configuration" },
};

/* ---- The place ---- */

/* Copies the value behind prefix, of the line that starts with it, without quotes; "" when there is none. */
static void find_line(const char *text, const char *prefix, char *buf, size_t size)
{
        size_t prefix_len = strlen(prefix);

        buf[0] = '\0';
        while (*text != '\0') {
                size_t len = strcspn(text, "\n");

                if (len >= prefix_len && memcmp(text, prefix, prefix_len) == 0) {
                        const char *value = text + prefix_len;
                        size_t n;

                        value += strspn(value, " \t\"");
                        n = strcspn(value, "\"\n");
                        if (n < size) {
                                memcpy(buf, value, n);
                                buf[n] = '\0';
                        }
                        return;
                }
                text += len + (text[len] != '\0');
        }
}

static bool parse_hex(const char *text, uint64_t *ret)
{
        static const char digits[] = "0123456789abcdef";
        uint64_t value = 0;

        if (*text == '\0' || strlen(text) > 16)
                return false;
        for (; *text != '\0'; text++) {
                const char *digit = strchr(digits, *text);

                if (!digit)
                        return false;
                value = value << 4 | (uint64_t)(digit - digits);
        }
        *ret = value;
        return true;
}

static bool is_uid_0(const char *columns)
{
        for (int i = 0; i < UID_COLUMN; i++) {
                columns += strcspn(columns, " \t");
                columns += strspn(columns, " \t");
        }
        return columns[0] == '0' && strchr(" \t", columns[1]);
}

static void read_privilege(const struct kt_root *root, struct kt_doctor_place *place)
{
        KT_AUTO_STR struct kt_str status = { 0 };
        KT_AUTO_STR struct kt_str map = { 0 };
        char value[STATUS_MAX];

        if (kt_root_read_all(root, "/proc/self/status", STATUS_MAX, &status) < 0)
                return;
        find_line(kt_str_get(&status), "Uid:", value, sizeof(value));
        place->is_root = is_uid_0(value);
        find_line(kt_str_get(&status), "CapEff:", value, sizeof(value));
        place->is_known = parse_hex(value, &place->capabilities);

        /* The first namespace maps all 2^32 - 1 ids onto themselves (user_namespaces(7)). */
        if (kt_root_read_all(root, "/proc/self/uid_map", STATUS_MAX, &map) == 0)
                place->is_user_namespace = !strstr(kt_str_get(&map), "4294967295");
        place->is_root = place->is_root && !place->is_user_namespace;
}

static void read_provider(const struct kt_root *root, struct kt_doctor_place *place)
{
        char vendor[NAME_BYTES];
        char product[NAME_BYTES];

        if (kt_root_read(root, "/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor)) < 0)
                return;
        if (kt_root_read(root, "/sys/class/dmi/id/product_name", product, sizeof(product)) < 0)
                product[0] = '\0';
        for (size_t i = 0; i < KT_COUNT(machines) && !place->provider; i++)
                if (strcmp(machines[i].vendor, vendor) == 0 &&
                    (machines[i].product[0] == '\0' || strcmp(machines[i].product, product) == 0))
                        place->provider = machines[i].provider;
}

static bool is_of_provider(const struct kt_doctor_place *place, const char *wanted)
{
        return !wanted || (place->provider && strcmp(place->provider, wanted) == 0);
}

static void read_system(const struct kt_root *root, struct kt_doctor_place *place)
{
        KT_AUTO_STR struct kt_str text = { 0 };

        if (kt_root_read(root, "/proc/sys/kernel/osrelease", place->kernel, sizeof(place->kernel)) < 0)
                place->kernel[0] = '\0';
        if (kt_root_read_all(root, "/etc/os-release", OS_RELEASE_MAX, &text) < 0)
                return;
        find_line(kt_str_get(&text), "ID=", place->system, sizeof(place->system));
        for (size_t i = 0; i < KT_COUNT(systems); i++)
                if (strcmp(systems[i].id, place->system) == 0 && is_of_provider(place, systems[i].provider))
                        place->managed = systems[i].managed;
}

static int read_place(const struct kt_root *root, struct kt_doctor_place *place, struct kt_err *e)
{
        int r;

        read_privilege(root, place);
        read_provider(root, place);
        read_system(root, place);
        r = kt_kubelet_load(root, &place->kubelet, e);
        if (r < 0)
                return r;
        r = kt_mounts_load(root, NULL, &place->mounts, e);
        if (r == -ENOENT) {
                kt_err_clear(e);
                r = 0;
        }
        return r < 0 ? r : kt_setters_load(root, &place->setters, e);
}

/* ---- One row ---- */

struct answer {
        enum kt_can can;
        struct kt_str *reason;
        struct kt_str *next;
};

static void say_managed(const struct kt_doctor_place *place, struct kt_str *next)
{
        if (place->managed)
                kt_str_addf(next, "%s%s", next->len > 0 ? "; or " : "", place->managed);
}

static enum kt_can answer_absent(const struct kt_doctor_place *place, const struct kt_row *row, struct answer *answer)
{
        bool is_device = strstr(row->path, "DEVICE") != NULL;
        bool is_net = strncmp(row->path, "/proc/sys/net/", strlen("/proc/sys/net/")) == 0;

        if (is_device)
                kt_str_add(answer->reason,
                           "this device has none: the one above or below it does, or nothing here does");
        else
                kt_str_addf(answer->reason, "kernel %s shows no %s here",
                            place->kernel[0] ? place->kernel : "(unknown)", row->path);
        if (is_net)
                kt_str_add(answer->next, "look in the node's own network namespace: some keys are hidden in a pod's; "
                                         "or ");
        kt_str_addf(answer->next, "leave it out: tuning: {tunables: {%s: {policy: ignore}}}", row->id);
        return KT_CAN_NOT_FOUND;
}

static enum kt_can answer_read_only(const struct kt_doctor_place *place, const struct kt_mount *mount,
                                    struct answer *answer)
{
        kt_str_addf(answer->reason, "%s is mounted read-only here, as container runtimes do", mount->target);
        kt_str_add(answer->next, "run on the node itself, or in a privileged pod");
        say_managed(place, answer->next);
        return KT_CAN_NOT_MOUNT;
}

static enum kt_can answer_user(const struct kt_doctor_place *place, struct answer *answer)
{
        kt_str_add(answer->reason, place->is_user_namespace
                                           ? "uid 0 of a user namespace is not the node's, and only that may write"
                                           : "only uid 0 may write it; no capability is needed beside that");
        kt_str_add(answer->next, "run kafka-tuner as the node's root");
        say_managed(place, answer->next);
        return KT_CAN_NOT_USER;
}

/* The file as the kernel shows it: the owner's bit for writing, which is root's. */
static int read_mode(const struct kt_root *root, const char *path, mode_t *ret)
{
        KT_AUTO_FD int fd = kt_fs_open_in_root(root->fd, path, O_PATH);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        *ret = st.st_mode;
        return 0;
}

/* A row about disks: the file is another one for each, and reading it tells whether it is there. */
static int look_at(const struct kt_tuner_facts *facts, const struct kt_row *row, mode_t *ret)
{
        KT_AUTO_STR struct kt_str have = { 0 };

        if (!strstr(row->path, "DEVICE"))
                return read_mode(facts->root, row->path, ret);
        *ret = S_IFREG | S_IWUSR;
        return facts->queues && facts->queues->device_count > 0 ? kt_tuner_facts_read(facts, row, &have, NULL) : 0;
}

static enum kt_can examine_file(const struct kt_tuner_facts *facts, const struct kt_doctor_place *place,
                                const struct kt_row *row, struct answer *answer)
{
        const struct kt_mount *mount = kt_mounts_of(&place->mounts, row->path);
        mode_t mode = 0;
        int r;

        r = look_at(facts, row, &mode);
        if (row->is_check_only && strstr(row->path, "DEVICE")) {
                kt_str_add(answer->reason, "a fact about the disk, which is looked at and never set");
                return KT_CAN_FACT;
        }
        if (strstr(row->path, "mountinfo")) {
                kt_str_add(answer->reason, "how a volume is mounted is not for the node to change");
                kt_str_add(answer->next, "mountOptions of the StorageClass, and make the volume anew");
                return KT_CAN_NOT_USER;
        }
        if (r == -ENOENT || r == -ENOTDIR)
                return answer_absent(place, row, answer);
        if (mount && kt_mount_has_option(mount, "ro"))
                return answer_read_only(place, mount, answer);
        if (!place->is_known) {
                kt_str_add(answer->reason, "/proc/self/status is not there: nobody knows who asks");
                return KT_CAN_UNKNOWN;
        }
        if (!place->is_root)
                return answer_user(place, answer);
        if (r == 0 && (mode & S_IWUSR) == 0) {
                kt_str_add(answer->reason, "the kernel lets nobody write it here; keys that hold for the whole node "
                                           "are so in a pod's network namespace");
                kt_str_add(answer->next, "run in the node's own network namespace (hostNetwork: true)");
                return KT_CAN_NOT_USER;
        }
        kt_str_add(answer->reason, row->scope == KT_SCOPE_NETNS
                                           ? "counts in this network namespace; pods made later inherit it from the "
                                             "node's, pods that run keep theirs"
                                           : "can be written here");
        return KT_CAN_SET;
}

/* prlimit(2): a limit of open files above fs.nr_open is refused whatever the privilege. */
static bool is_above_nr_open(const struct kt_tuner_facts *facts, const struct kt_wish *wish, struct answer *answer)
{
        char text[NUMBER_MAX];
        uint64_t bound;
        uint64_t want;

        if (strcmp(wish->row->limit, "nofile") != 0 || kt_num_parse_u64(wish->want, &want) < 0 ||
            kt_root_read(facts->root, NR_OPEN_PATH, text, sizeof(text)) < 0 || kt_num_parse_u64(text, &bound) < 0 ||
            want <= bound)
                return false;

        kt_str_addf(answer->reason, "fs.nr_open is %" PRIu64 ", and no limit of open files can be above it", bound);
        kt_str_addf(answer->next, "raise fs.nr_open to %" PRIu64 " first", want);
        return true;
}

static enum kt_can examine_limit(const struct kt_tuner_facts *facts, const struct kt_doctor_place *place,
                                 const struct kt_wish *wish, struct answer *answer)
{
        if (is_above_nr_open(facts, wish, answer))
                return KT_CAN_NOT_BOUND;
        if (!place->is_known) {
                kt_str_add(answer->reason, "/proc/self/status is not there: nobody knows who asks");
                return KT_CAN_UNKNOWN;
        }
        if (place->is_user_namespace || (place->capabilities & (uint64_t)1 << CAP_SYS_RESOURCE) == 0) {
                kt_str_add(answer->reason, "raising a hard limit needs CAP_SYS_RESOURCE, which is not here");
                kt_str_addf(answer->next,
                            "add SYS_RESOURCE to the pod (with hostPID), or %s= to the container runtime's unit",
                            wish->row->unit_setting);
                say_managed(place, answer->next);
                return KT_CAN_NOT_USER;
        }
        kt_str_add(answer->reason, "can be raised by prlimit(2) here");
        return KT_CAN_SET;
}

static enum kt_can examine_row(const struct kt_tuner_facts *facts, const struct kt_doctor_place *place,
                               const struct kt_wish *wish, struct answer *answer)
{
        if (wish->row->scope == KT_SCOPE_PROCESS)
                return examine_limit(facts, place, wish, answer);
        return examine_file(facts, place, wish->row, answer);
}

/* What is only raised never falls short of "at least", whatever it is raised to. */
static bool never_breaks(const struct kt_setter *setter)
{
        return (setter->only == '>' && setter->row->rule == KT_RULE_AT_LEAST) ||
               (setter->only == '<' && setter->row->rule == KT_RULE_AT_MOST);
}

/* The last one stands; it conflicts when its value does not do. */
static void find_conflict(const struct kt_setters *setters, const struct kt_wish *wish, struct kt_str *conflict)
{
        const struct kt_setter *last = NULL;
        bool holds = false;

        for (size_t i = 0; i < setters->count; i++)
                if (setters->items[i].row == wish->row)
                        last = &setters->items[i];
        if (!last || never_breaks(last))
                return;
        if (kt_tuner_judge(wish->row, last->value, wish->want, &holds, NULL) == 0 && holds)
                return;

        kt_str_add_printable(conflict, last->file); /* its name may be anything in a captured machine */
        kt_str_addf(conflict, ":%u (%s) sets it to ", last->line, last->who);
        kt_str_add_printable(conflict, last->value);
}

static void say_pods(const struct kt_kubelet *kubelet, const struct kt_row *row, struct kt_str *next)
{
        if (row->scope != KT_SCOPE_NETNS)
                return;
        kt_str_addf(next, "%sin the broker's pod: securityContext.sysctls%s", next->len > 0 ? "; or " : "",
                    kt_kubelet_allows(kubelet, row->id) ? ", which this kubelet allows"
                                                        : " (safe since Kubernetes 1.32)");
}

static int examine_one(const struct kt_tuner_facts *facts, const struct kt_wish *wish, struct kt_doctor *doctor)
{
        struct kt_doctor_row *item;
        KT_AUTO_STR struct kt_str object = { 0 };
        KT_AUTO_STR struct kt_str have = { 0 };
        KT_AUTO_STR struct kt_str reason = { 0 };
        KT_AUTO_STR struct kt_str next = { 0 };
        KT_AUTO_STR struct kt_str conflict = { 0 };
        struct answer answer = { .reason = &reason, .next = &next };

        if (kt_array_reserve(&doctor->items, &doctor->cap, doctor->count + 1, sizeof(*doctor->items)) < 0)
                return -ENOMEM;
        item = &doctor->items[doctor->count++];
        item->wish = wish;
        item->can = examine_row(facts, &doctor->place, wish, &answer);
        doctor->counts[item->can]++;
        say_pods(&doctor->place.kubelet, wish->row, &next);
        find_conflict(&doctor->place.setters, wish, &conflict);
        doctor->conflicts += conflict.len > 0;

        kt_tuner_facts_object(facts, wish->row, &object);
        if (kt_tuner_facts_read(facts, wish->row, &have, NULL) == 0)
                item->have = kt_str_take(&have);
        if (kt_str_error(&next) < 0 || kt_str_error(&conflict) < 0)
                return -ENOMEM;
        item->next = next.len > 0 ? kt_str_take(&next) : NULL;
        item->conflict = conflict.len > 0 ? kt_str_take(&conflict) : NULL;
        item->object = kt_str_take(&object);
        item->reason = kt_str_take(&reason);
        return item->reason && item->object ? 0 : -ENOMEM;
}

/* Every disk that the row is about, or the row as such. */
static int examine_wish(const struct kt_tuner_facts *facts, const struct kt_wish *wish, struct kt_doctor *doctor)
{
        const bool has_disks = wish->row->scope == KT_SCOPE_DEVICE && facts->queues && facts->queues->device_count > 0;
        size_t count = has_disks ? kt_tuner_facts_count(facts, wish->row) : 1;
        struct kt_tuner_facts at = *facts;
        int r = 0;

        for (at.place = 0; r == 0 && at.place < count; at.place++)
                r = examine_one(&at, wish, doctor);
        return r;
}

/* What cannot be set, then what somebody sets otherwise, then the rest; the order of the wishes among these. */
static int compare_rows(const void *left, const void *right)
{
        const struct kt_doctor_row *a = left;
        const struct kt_doctor_row *b = right;
        int rank_a = a->can < KT_CAN_FACT ? 0 : a->conflict ? 1 : 2;
        int rank_b = b->can < KT_CAN_FACT ? 0 : b->conflict ? 1 : 2;

        if (rank_a != rank_b)
                return rank_a - rank_b;
        if (a->wish != b->wish)
                return a->wish < b->wish ? -1 : 1;
        return strcmp(a->object, b->object);
}

int kt_doctor_examine(const struct kt_tuner_facts *facts, const struct kt_wishes *wishes, struct kt_doctor *ret,
                      struct kt_err *e)
{
        int r;

        r = read_place(facts->root, &ret->place, e);
        if (r < 0)
                return r;

        for (size_t i = 0; r == 0 && i < wishes->count; i++)
                r = examine_wish(facts, &wishes->items[i], ret);
        if (r == 0 && ret->count > 1)
                qsort(ret->items, ret->count, sizeof(*ret->items), compare_rows);
        return r < 0 ? kt_err_set(e, r, "examine %zu tunables", wishes->count) : 0;
}

void kt_doctor_done(struct kt_doctor *doctor)
{
        for (size_t i = 0; i < doctor->count; i++) {
                free(doctor->items[i].object);
                free(doctor->items[i].have);
                free(doctor->items[i].reason);
                free(doctor->items[i].next);
                free(doctor->items[i].conflict);
        }
        free(doctor->items);
        kt_kubelet_done(&doctor->place.kubelet);
        kt_mounts_done(&doctor->place.mounts);
        kt_setters_done(&doctor->place.setters);
        *doctor = (struct kt_doctor){ 0 };
}

int kt_doctor_exit_code(const struct kt_doctor *doctor)
{
        if (doctor->conflicts > 0)
                return KT_EXIT_NOT_WANTED;
        for (size_t can = 0; can < KT_CAN_SET; can++)
                if (doctor->counts[can] > 0)
                        return (int)cans[can].code;
        return KT_EXIT_OK;
}

/* ---- Reports ---- */

static void add_place(const struct kt_doctor_place *place, struct kt_str *out)
{
        static const char *const users[] = { "not root", "root" };
        bool has_resource = (place->capabilities & (uint64_t)1 << CAP_SYS_RESOURCE) != 0;
        KT_AUTO_STR struct kt_str text = { 0 };

        kt_str_add(&text, "kernel ");
        kt_str_add_printable(&text, place->kernel[0] ? place->kernel : "unknown");
        kt_str_add(&text, ", system ");
        kt_str_add_printable(&text, place->system[0] ? place->system : "unknown");
        if (place->provider)
                kt_str_addf(&text, ", machine of %s", place->provider);
        if (place->is_known)
                kt_str_addf(&text, "; asked as %s%s, %s SYS_RESOURCE", users[place->is_root],
                            place->is_user_namespace ? " (in a user namespace)" : "",
                            has_resource ? "with" : "without");
        kt_str_add(out, "node      ");
        kt_table_wrap(kt_str_get(&text), DETAIL_COLUMN, out);
        out->error = text.error ? text.error : out->error;
}

/* What it sets itself is nobody else's; what differs from that it will set again, or stop at. */
static void add_kubelet(const struct kt_root *root, const struct kt_kubelet *kubelet, struct kt_str *out)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        size_t differing = 0;

        if (kubelet->pid == 0 && !kubelet->has_config)
                return;
        kt_str_add(&text, kubelet->protects ? "protectKernelDefaults: does not start unless "
                                            : "sets at its start, and is to be left to set: ");
        for (size_t i = 0; i < kt_kubelet_own_count; i++)
                kt_str_addf(&text, "%s%s=%s", i > 0 ? ", " : "", kt_kubelet_owns[i].id, kt_kubelet_owns[i].value);
        for (size_t i = 0; i < kt_kubelet_own_count; i++) {
                char have[NUMBER_MAX];

                if (kt_root_read(root, kt_kubelet_owns[i].path, have, sizeof(have)) < 0 ||
                    strcmp(have, kt_kubelet_owns[i].value) == 0)
                        continue;
                kt_str_addf(&text, "%s%s is ", differing++ == 0 ? "; now " : ", ", kt_kubelet_owns[i].id);
                kt_str_add_printable(&text, have);
        }
        kt_str_add(out, "kubelet   ");
        kt_table_wrap(kt_str_get(&text), DETAIL_COLUMN, out);
        out->error = text.error ? text.error : out->error;
}

static void add_detail(const char *what, const char *text, struct kt_str *out)
{
        kt_str_addf(out, "  %-8s", what);
        kt_table_wrap(text, DETAIL_COLUMN, out);
}

/* There is another way, which "instead" names. */
static bool has_instead(const struct kt_doctor_row *item)
{
        return item->can < KT_CAN_FACT && item->next;
}

static void add_details(const struct kt_doctor *doctor, struct kt_str *out)
{
        for (size_t i = 0; i < doctor->count; i++) {
                const struct kt_doctor_row *item = &doctor->items[i];
                KT_AUTO_STR struct kt_str conflict = { 0 };

                if (item->can >= KT_CAN_FACT && !item->conflict)
                        continue;
                kt_str_addf(out, "\n%s\n", item->object);
                if (item->can < KT_CAN_FACT)
                        add_detail("why", item->reason, out);
                if (has_instead(item))
                        add_detail("instead", item->next, out);
                if (item->conflict)
                        kt_str_addf(&conflict, "%s; change that line, or it comes back", item->conflict);
                if (item->conflict)
                        add_detail("but", kt_str_get(&conflict), out);
                out->error = conflict.error ? conflict.error : out->error;
        }
}

/* Names only what was printed; NULL: there is nothing to be done here. */
static const char *next_of(const struct kt_doctor *doctor)
{
        if (doctor->conflicts > 0)
                return "change the lines that are named above, then kafka-tuner plan";
        if (doctor->counts[KT_CAN_SET] > 0)
                return "kafka-tuner plan";
        for (size_t i = 0; i < doctor->count; i++)
                if (has_instead(&doctor->items[i]))
                        return "what stands behind instead";
        return NULL;
}

int kt_doctor_text(const struct kt_root *root, const struct kt_doctor *doctor, bool colour, struct kt_str *out)
{
        static const char *const titles[] = { "CAN BE SET", "OBJECT", "HAVE", "OTHERS" };
        KT_AUTO(kt_table_done) struct kt_table table = { .columns = KT_COUNT(titles), .widest = { 0, 36, 24 } };
        const char *next = next_of(doctor);
        int r;

        add_place(&doctor->place, out);
        add_kubelet(root, &doctor->place.kubelet, out);
        kt_str_add_char(out, '\n');
        for (size_t i = 0; i < KT_COUNT(titles); i++)
                kt_table_add(&table, titles[i]);
        for (size_t i = 0; i < doctor->count; i++) {
                const struct kt_doctor_row *item = &doctor->items[i];

                kt_table_add(&table, cans[item->can].name);
                kt_table_add(&table, item->object);
                kt_table_add(&table, item->have ? item->have : "-");
                kt_table_add(&table, item->conflict ? "conflict" : "");
        }
        r = kt_table_render(&table, colour, out);
        if (r < 0)
                return r;

        add_details(doctor, out);
        kt_str_addf(out, "\n%zu of %zu can be set here, %zu set otherwise by somebody else.\n",
                    doctor->counts[KT_CAN_SET], doctor->count, doctor->conflicts);
        if (next)
                kt_str_addf(out, "Next: %s\n", next);
        return kt_str_error(out);
}

static void json_kubelet(const struct kt_root *root, const struct kt_kubelet *kubelet, struct kt_json *document)
{
        struct kt_json *object;
        struct kt_json *sets;

        if (kubelet->pid == 0 && !kubelet->has_config)
                return;
        object = kt_json_object(document, "kubelet");
        kt_json_text(object, "config", kubelet->has_config ? kubelet->config : NULL);
        kt_json_bool(object, "protectKernelDefaults", kubelet->protects);
        sets = kt_json_list(object, "sets");
        for (size_t i = 0; i < kt_kubelet_own_count; i++) {
                struct kt_json *own = kt_json_object(sets, NULL);
                char have[NUMBER_MAX];
                int r = kt_root_read(root, kt_kubelet_owns[i].path, have, sizeof(have));

                kt_json_text(own, "id", kt_kubelet_owns[i].id);
                kt_json_text(own, "want", kt_kubelet_owns[i].value);
                kt_json_text(own, "have", r < 0 ? NULL : have);
        }
}

int kt_doctor_json(const struct kt_root *root, const struct kt_doctor *doctor, struct kt_str *out)
{
        struct kt_json *document = kt_json_new("DoctorReport");
        const struct kt_doctor_place *place = &doctor->place;
        struct kt_json *rows;
        int r;

        kt_json_text(document, "kernel", place->kernel[0] ? place->kernel : NULL);
        kt_json_text(document, "system", place->system[0] ? place->system : NULL);
        kt_json_text(document, "provider", place->provider);
        kt_json_text(document, "managed", place->managed);
        kt_json_bool(document, "isRoot", place->is_root);
        json_kubelet(root, &place->kubelet, document);
        rows = kt_json_list(document, "rows");
        for (size_t i = 0; i < doctor->count; i++) {
                const struct kt_doctor_row *item = &doctor->items[i];
                struct kt_json *object = kt_json_object(rows, NULL);

                kt_json_text(object, "id", item->wish->row->id);
                kt_json_text(object, "object", item->object);
                kt_json_text(object, "can", cans[item->can].name);
                kt_json_text(object, "have", item->have);
                kt_json_text(object, "want", item->wish->want);
                kt_json_text(object, "reason", item->reason);
                kt_json_text(object, "next", item->next);
                kt_json_text(object, "conflict", item->conflict);
        }
        kt_json_count(document, "settable", doctor->counts[KT_CAN_SET]);
        kt_json_count(document, "conflicts", doctor->conflicts);
        kt_json_int(document, "exitCode", kt_doctor_exit_code(doctor));

        r = kt_json_render(document, out);
        kt_json_free(document);
        return r;
}

/* ---- The verb ---- */

int kt_tuner_doctor(void *opaque)
{
        const struct kt_tuner_args *args = opaque;
        const struct kt_selection selection = { .only = args->only, .devices = args->device != NULL };
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        KT_AUTO(kt_wishes_done) struct kt_wishes wishes = { 0 };
        KT_AUTO(kt_doctor_done) struct kt_doctor doctor = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        KT_AUTO(kt_queues_done) struct kt_queues queues = { 0 };
        struct kt_tuner_facts facts = { .root = &root, .queues = &queues };
        struct kt_err e = { 0 };
        int code;
        int r;

        if (kt_tuner_parse_pid(args->pid, &facts.pid, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_USAGE);
        code = kt_tuner_prepare(args, &selection, &inputs, &wishes);
        if (code != 0)
                return code;
        if (kt_root_open(args->sysroot, &root, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_USAGE);
        code = kt_tuner_load_queues(args, &inputs, &wishes, &root, &queues);
        if (code != 0)
                return code;
        if (kt_doctor_examine(&facts, &wishes, &doctor, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_FAILED);

        if (args->output == KT_OUTPUT_JSON)
                r = kt_doctor_json(&root, &doctor, &out);
        else
                r = kt_doctor_text(&root, &doctor, kt_report_has_colour(stdout), &out);
        return kt_tuner_finish(&out, r, kt_doctor_exit_code(&doctor));
}
