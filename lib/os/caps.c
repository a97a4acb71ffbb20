/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities, through libcap. What stays behind here is what a taken-over child could use: every step is checked, and
 * the result is read back from the kernel before anybody relies on it. */
#include "lib/os/caps.h"

#include <errno.h>
#include <sys/capability.h>
#include <sys/prctl.h>

static const char *const names[] = {
        [CAP_CHOWN] = "CHOWN",
        [CAP_DAC_OVERRIDE] = "DAC_OVERRIDE",
        [CAP_DAC_READ_SEARCH] = "DAC_READ_SEARCH",
        [CAP_FOWNER] = "FOWNER",
        [CAP_FSETID] = "FSETID",
        [CAP_KILL] = "KILL",
        [CAP_SETGID] = "SETGID",
        [CAP_SETUID] = "SETUID",
        [CAP_SETPCAP] = "SETPCAP",
        [CAP_LINUX_IMMUTABLE] = "LINUX_IMMUTABLE",
        [CAP_NET_BIND_SERVICE] = "NET_BIND_SERVICE",
        [CAP_NET_BROADCAST] = "NET_BROADCAST",
        [CAP_NET_ADMIN] = "NET_ADMIN",
        [CAP_NET_RAW] = "NET_RAW",
        [CAP_IPC_LOCK] = "IPC_LOCK",
        [CAP_IPC_OWNER] = "IPC_OWNER",
        [CAP_SYS_MODULE] = "SYS_MODULE",
        [CAP_SYS_RAWIO] = "SYS_RAWIO",
        [CAP_SYS_CHROOT] = "SYS_CHROOT",
        [CAP_SYS_PTRACE] = "SYS_PTRACE",
        [CAP_SYS_PACCT] = "SYS_PACCT",
        [CAP_SYS_ADMIN] = "SYS_ADMIN",
        [CAP_SYS_BOOT] = "SYS_BOOT",
        [CAP_SYS_NICE] = "SYS_NICE",
        [CAP_SYS_RESOURCE] = "SYS_RESOURCE",
        [CAP_SYS_TIME] = "SYS_TIME",
        [CAP_SYS_TTY_CONFIG] = "SYS_TTY_CONFIG",
        [CAP_MKNOD] = "MKNOD",
        [CAP_LEASE] = "LEASE",
        [CAP_AUDIT_WRITE] = "AUDIT_WRITE",
        [CAP_AUDIT_CONTROL] = "AUDIT_CONTROL",
        [CAP_SETFCAP] = "SETFCAP",
        [CAP_MAC_OVERRIDE] = "MAC_OVERRIDE",
        [CAP_MAC_ADMIN] = "MAC_ADMIN",
        [CAP_SYSLOG] = "SYSLOG",
        [CAP_WAKE_ALARM] = "WAKE_ALARM",
        [CAP_BLOCK_SUSPEND] = "BLOCK_SUSPEND",
        [CAP_AUDIT_READ] = "AUDIT_READ",
        [CAP_PERFMON] = "PERFMON",
        [CAP_BPF] = "BPF",
        [CAP_CHECKPOINT_RESTORE] = "CHECKPOINT_RESTORE",
};

static void auto_cap_free(cap_t *caps)
{
        if (*caps)
                (void)cap_free(*caps); /* fails only for what libcap did not allocate */
}

#define AUTO_CAPS __attribute__((cleanup(auto_cap_free)))

static bool has_flag(cap_t caps, int capability, cap_flag_t flag)
{
        cap_flag_value_t value = CAP_CLEAR;

        return cap_get_flag(caps, capability, flag, &value) == 0 && value == CAP_SET;
}

bool kt_caps_has(int capability)
{
        AUTO_CAPS cap_t caps = cap_get_proc();

        return caps && has_flag(caps, capability, CAP_EFFECTIVE);
}

bool kt_caps_has_any(void)
{
        AUTO_CAPS cap_t caps = cap_get_proc();
        AUTO_CAPS cap_t none = cap_init();

        /* Ambient ones are permitted as well (capabilities(7)). */
        return !caps || !none || cap_compare(caps, none) != 0;
}

const char *kt_caps_name(int capability)
{
        return capability >= 0 && (size_t)capability < KT_COUNT(names) ? names[capability] : "?";
}

static bool is_listed(int capability, const int *capabilities, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (capabilities[i] == capability)
                        return true;
        return false;
}

/* Takes all but the listed ones out of the bounding set and looks whether they are gone. */
static int drop_bounding(const int *capabilities, size_t count, struct kt_err *e)
{
        for (int capability = 0; capability < cap_max_bits(); capability++) {
                if (is_listed(capability, capabilities, count) || cap_get_bound(capability) != 1)
                        continue;
                if (cap_drop_bound(capability) < 0)
                        return kt_err_set(e, -errno, "drop %s from the bounding set", kt_caps_name(capability));
                if (cap_get_bound(capability) != 0)
                        return kt_err_set(e, -EPERM, "drop %s from the bounding set: it is still there",
                                          kt_caps_name(capability));
        }
        return 0;
}

/* Makes wanted hold the listed ones that caps permits. */
static int choose(cap_t caps, const int *capabilities, size_t count, cap_t wanted, struct kt_err *e)
{
        for (size_t i = 0; i < count; i++) {
                cap_value_t capability = capabilities[i];

                if (!has_flag(caps, capability, CAP_PERMITTED))
                        continue;
                if (cap_set_flag(wanted, CAP_PERMITTED, 1, &capability, CAP_SET) < 0 ||
                    cap_set_flag(wanted, CAP_EFFECTIVE, 1, &capability, CAP_SET) < 0)
                        return kt_err_set(e, -errno, "choose the capability %s", kt_caps_name(capability));
        }
        return 0;
}

static int verify(cap_t wanted, struct kt_err *e)
{
        AUTO_CAPS cap_t now = cap_get_proc();

        if (!now)
                return kt_err_set(e, -errno, "read the own capabilities back");
        if (cap_compare(now, wanted) != 0)
                return kt_err_set(e, -EPERM, "drop capabilities: they do not read back as they were set");

        for (int capability = 0; capability < cap_max_bits(); capability++)
                if (cap_get_ambient(capability) == CAP_SET)
                        return kt_err_set(e, -EPERM, "drop %s from the ambient set: it is still there",
                                          kt_caps_name(capability));
        return 0;
}

int kt_caps_keep(const int *capabilities, size_t count, struct kt_err *e)
{
        AUTO_CAPS cap_t caps = cap_get_proc();
        AUTO_CAPS cap_t wanted = cap_init();
        int r;

        if (!caps || !wanted)
                return kt_err_set(e, -errno, "read the own capabilities");

        r = choose(caps, capabilities, count, wanted, e);
        if (r < 0)
                return r;
        if (has_flag(caps, CAP_SETPCAP, CAP_EFFECTIVE)) {
                r = drop_bounding(capabilities, count, e);
                if (r < 0)
                        return r;
        }
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return kt_err_set(e, -errno, "clear the ambient capabilities");
        if (cap_set_proc(wanted) < 0)
                return kt_err_set(e, -errno, "set the own capabilities");
        return verify(wanted, e);
}
