/* SPDX-License-Identifier: Apache-2.0 */
/* What all verbs share. */
#include "tuner/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/app/exit.h"
#include "lib/app/report.h"
#include "lib/text/num.h"
#include "tuner/files.h"

/* Characters that no shell takes for anything else. */
#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./,:@%"

enum { PID_MAX = 4194304 }; /* the kernel's limit on 64 bits, PID_MAX_LIMIT */

int kt_tuner_fail(const struct kt_err *e, int code)
{
        char buf[KT_ERR_TEXT_MAX];

        (void)fprintf(stderr, "kafka-tuner: %s\n", kt_err_text(e, buf, sizeof(buf))); /* nowhere left to complain */
        return code;
}

/* Findings say it all when there are any; otherwise e does. */
static int complain(const struct kt_findings *findings, const struct kt_err *e, int r)
{
        KT_AUTO_STR struct kt_str out = { 0 };

        if (kt_findings_count(findings, KT_LEVEL_ERROR) == 0)
                return kt_tuner_fail(e, r == -ENOMEM ? KT_EXIT_FAILED : KT_EXIT_USAGE);

        kt_report_findings(findings, kt_report_has_colour(stderr), &out);
        return kt_report_print(&out, stderr) < 0 ? KT_EXIT_FAILED : KT_EXIT_USAGE;
}

int kt_tuner_check_ids(const char *ids, const char *option)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        struct kt_err e = { 0 };

        kt_wish_check_only(ids, option, &findings);
        if (findings.error < 0)
                return complain(&findings, &e, kt_err_set(&e, findings.error, "check %s", option));
        return kt_findings_count(&findings, KT_LEVEL_ERROR) > 0 ? complain(&findings, &e, -EINVAL) : 0;
}

int kt_tuner_parse_pid(const char *text, uint64_t *ret, struct kt_err *e)
{
        if (text && kt_num_parse_u64_in(text, 1, PID_MAX, ret) < 0)
                return kt_err_set(e, -EINVAL, "--pid %s: a process id is a number from 1 to %d", text, PID_MAX);
        return 0;
}

int kt_tuner_prepare(const struct kt_tuner_args *args, const struct kt_selection *selection, struct kt_inputs *inputs,
                     struct kt_wishes *wishes)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        struct kt_err e = { 0 };
        int r;

        r = kt_inputs_load(args->config, inputs, &findings, &e);
        if (r == 0)
                r = kt_wishes_make(inputs, selection, wishes, &findings, &e);
        if (r == 0 && findings.error < 0)
                r = kt_err_set(&e, findings.error, "check %s", inputs->spec.file);
        return r < 0 ? complain(&findings, &e, r) : 0;
}

int kt_tuner_load_queues(const struct kt_tuner_args *args, const struct kt_inputs *inputs,
                         const struct kt_wishes *wishes, const struct kt_root *root, struct kt_queues *ret)
{
        struct kt_err e = { 0 };

        if (!kt_queues_are_wished(wishes) ||
            kt_queues_load(root, args->device, &inputs->spec.storage.volumes, ret, &e) == 0)
                return 0;
        return kt_tuner_fail(&e, args->device ? KT_EXIT_USAGE : KT_EXIT_FAILED);
}

void kt_tuner_add_option(const char *option, const char *value, struct kt_str *out)
{
        if (!value)
                return;
        kt_str_addf(out, " %s ", option);
        if (value[0] != '\0' && strspn(value, WORD) == strlen(value))
                kt_str_add(out, value);
        else
                kt_files_quote(value, out);
}

void kt_tuner_add_arguments(const struct kt_tuner_args *args, struct kt_str *out)
{
        kt_tuner_add_option("-c", args->config, out);
        kt_tuner_add_option("--sysroot", args->sysroot, out);
        kt_tuner_add_option("--device", args->device, out);
        kt_tuner_add_option("--only", args->only, out);
        kt_tuner_add_option("--pid", args->pid, out);
}

int kt_tuner_finish(const struct kt_str *out, int r, int code)
{
        struct kt_err e = { 0 };

        if (r == 0)
                r = kt_report_print(out, stdout);
        if (r == 0)
                return code;

        (void)kt_err_set(&e, r, "print the report"); /* r is known already */
        return kt_tuner_fail(&e, KT_EXIT_FAILED);
}
