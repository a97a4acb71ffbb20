/* SPDX-License-Identifier: Apache-2.0 */
/* The kubelet, as its arguments and its configuration file show it. Arguments win over the file, as they do in it. */
#include "tuner/kubelet.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/app/yaml.h"
#include "lib/os/fs.h"
#include "lib/text/num.h"

enum {
        ARGUMENTS_MAX = 256 << 10,
        PATH_BYTES = 64,
};

/* setupKernelTunables in pkg/kubelet/cm/container_manager_linux.go; the values are in component-helpers,
 * node/util/sysctl. */
const struct kt_kubelet_own kt_kubelet_owns[] = {
        { "vm.overcommit_memory", "/proc/sys/vm/overcommit_memory", "1" },
        { "vm.panic_on_oom", "/proc/sys/vm/panic_on_oom", "0" },
        { "kernel.panic", "/proc/sys/kernel/panic", "10" },
        { "kernel.panic_on_oops", "/proc/sys/kernel/panic_on_oops", "1" },
        { "kernel.keys.root_maxkeys", "/proc/sys/kernel/keys/root_maxkeys", "1000000" },
        { "kernel.keys.root_maxbytes", "/proc/sys/kernel/keys/root_maxbytes", "25000000" },
};
const size_t kt_kubelet_own_count = KT_COUNT(kt_kubelet_owns);

/* ---- Its configuration ---- */

static void read_config(const struct kt_root *root, struct kt_kubelet *kubelet)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        struct kt_yaml *document = NULL;
        const struct kt_yaml *list;
        const struct kt_yaml *protects;

        if (kt_root_read_all(root, kubelet->config, KT_YAML_FILE_MAX, &text) < 0 ||
            kt_yaml_parse(kubelet->config, kt_str_get(&text), text.len, &document, NULL) < 0)
                return;

        kubelet->has_config = true;
        protects = kt_yaml_get(document, "protectKernelDefaults");
        kubelet->protects = protects && protects->text && strcmp(protects->text, "true") == 0;
        list = kt_yaml_get(document, "allowedUnsafeSysctls");
        for (size_t i = 0; list && list->kind == KT_YAML_LIST && i < list->count; i++)
                if (list->items[i]->text)
                        kt_str_add_bytes(&kubelet->allowed, list->items[i]->text, strlen(list->items[i]->text) + 1);
        kt_yaml_free(document);
}

/* ---- Its arguments ---- */

/* The value of "--name=value", or alone when the argument is just "--name"; NULL when it is another one. */
static const char *value_of(const char *argument, const char *name, const char *alone)
{
        size_t len = strlen(name);

        if (strncmp(argument, name, len) != 0)
                return NULL;
        if (argument[len] == '\0')
                return alone;
        return argument[len] == '=' ? argument + len + 1 : NULL;
}

static void add_allowed(const char *list, struct kt_str *allowed)
{
        for (; *list != '\0'; list += *list == ',') {
                size_t len = strcspn(list, ",");

                kt_str_add_bytes(allowed, list, len);
                kt_str_add_bytes(allowed, "", 1);
                list += len;
        }
}

/* next: the argument behind it, or NULL. A flag that is true or false never takes that one (pflag). */
static void read_argument(const char *argument, const char *next, struct kt_kubelet *kubelet, struct kt_str *allowed)
{
        const char *config = value_of(argument, "--config", next);
        const char *list = value_of(argument, "--allowed-unsafe-sysctls", next);
        const char *protects = value_of(argument, "--protect-kernel-defaults", "true");

        if (config && config[0] == '/' && strlen(config) < sizeof(kubelet->config))
                memcpy(kubelet->config, config, strlen(config) + 1);
        if (list)
                add_allowed(list, allowed);
        if (protects)
                kubelet->protects = strcmp(protects, "false") != 0;
}

/* Twice: the file that --config names is read in between, and what stands on the command line wins. */
static void read_arguments(const struct kt_root *root, struct kt_kubelet *kubelet)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_STR struct kt_str allowed = { 0 };
        char path[PATH_BYTES];
        bool is_cut;

        (void)snprintf(path, sizeof(path), "/proc/%" PRIu64 "/cmdline", kubelet->pid); /* 20 digits at most */
        if (kubelet->pid == 0 || kt_root_read_all(root, path, ARGUMENTS_MAX, &text) < 0)
                return;
        is_cut = text.len > 0 && text.data[text.len - 1] != '\0';
        for (const char *at = kt_str_get(&text), *end = at + text.len; at < end && !is_cut; at += strlen(at) + 1) {
                const char *next = at + strlen(at) + 1;

                read_argument(at, next < end ? next : NULL, kubelet, &allowed);
        }
        if (allowed.len > 0 || allowed.error < 0) {
                kt_str_done(&kubelet->allowed);
                kubelet->allowed = allowed;
                allowed = (struct kt_str){ 0 };
        }
}

/* ---- The process ---- */

struct search {
        const struct kt_root *root;
        struct kt_kubelet *kubelet;
};

static int match(void *context, const char *entry)
{
        struct search *search = context;
        char path[PATH_BYTES];
        char comm[PATH_BYTES];
        uint64_t pid;

        if (entry[0] < '1' || entry[0] > '9' || kt_num_parse_u64(entry, &pid) < 0)
                return 0;
        (void)snprintf(path, sizeof(path), "/proc/%" PRIu64 "/comm", pid); /* 20 digits at most */
        if (kt_root_read(search->root, path, comm, sizeof(comm)) < 0 || strcmp(comm, "kubelet") != 0)
                return 0;
        search->kubelet->pid = pid;
        return 1;
}

int kt_kubelet_load(const struct kt_root *root, struct kt_kubelet *ret, struct kt_err *e)
{
        struct search search = { .root = root, .kubelet = ret };
        KT_AUTO_FD int fd = kt_root_open_file(root, "/proc", O_RDONLY | O_DIRECTORY);
        int r = 0;

        memcpy(ret->config, KT_KUBELET_CONFIG, sizeof(KT_KUBELET_CONFIG));
        if (fd >= 0)
                r = kt_fs_each(fd, match, &search);
        if (r < 0)
                ret->pid = 0;
        read_arguments(root, ret);
        read_config(root, ret);
        read_arguments(root, ret);
        return kt_str_error(&ret->allowed) < 0 ? kt_err_set(e, -ENOMEM, "look at the kubelet") : 0;
}

void kt_kubelet_done(struct kt_kubelet *kubelet)
{
        kt_str_done(&kubelet->allowed);
        *kubelet = (struct kt_kubelet){ 0 };
}

bool kt_kubelet_allows(const struct kt_kubelet *kubelet, const char *sysctl)
{
        const char *end = kt_str_get(&kubelet->allowed) + kubelet->allowed.len;

        for (const char *at = kt_str_get(&kubelet->allowed); at < end; at += strlen(at) + 1) {
                size_t len = strlen(at);

                if (strcmp(at, sysctl) == 0 || (len > 0 && at[len - 1] == '*' && strncmp(at, sysctl, len - 1) == 0))
                        return true;
        }
        return false;
}
