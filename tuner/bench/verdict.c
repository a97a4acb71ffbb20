/* SPDX-License-Identifier: Apache-2.0 */
/* From rates to advice: arithmetic with its reasons. */
#include "tuner/bench/verdict.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "lib/app/exit.h"

enum {
        STALL_SECONDS = 5,       /* how long a write(2) may be blocked before producers time out in numbers */
        BACKGROUND_SECONDS = 1,  /* what may gather before the kernel begins to write it out */
        EXPIRE_SECONDS = 30,     /* vm.dirty_expire_centisecs */
        GOOD_WRITE = 256 * 1024, /* below this disks that count requests count against us (gp3: 256 KiB each) */
        MIB = 1 << 20,
};

const struct kt_disk_rate *kt_verdict_alone(const struct kt_disk_result *result, size_t volume)
{
        const struct kt_disk_volume *own = &result->volumes[volume];
        const struct kt_disk_rate *solo = &own->phases[KT_PHASE_SOLO].write;

        if (result->node.write.is_known && result->node.write.verdict == KT_CAP_SHARED && solo->is_known)
                return solo;
        return &own->fit.sustained;
}

bool kt_verdict_is_alone_sustained(const struct kt_disk_result *result, size_t volume)
{
        const struct kt_disk_fit *fit = &result->volumes[volume].fit;

        return kt_verdict_alone(result, volume) == &fit->sustained ? fit->is_sustained : result->node.is_sustained;
}

const char *kt_verdict_setting(const struct kt_disk_result *result, char buf[KT_VERDICT_SETTING_MAX])
{
        const uint64_t tenths = (uint64_t)(result->verdict.sustained_rate / 1e5);

        (void)snprintf(buf, KT_VERDICT_SETTING_MAX, "storage.sustainedRate: %" PRIu64 ".%" PRIu64 "M", tenths / 10,
                       tenths % 10); /* fits */
        return buf;
}

bool kt_verdict_is_sustained(const struct kt_disk_result *result)
{
        if (result->node.write.is_known && result->node.write.verdict == KT_CAP_SHARED)
                return result->node.is_sustained;
        for (size_t v = 0; v < result->volume_count; v++)
                if (!result->volumes[v].fit.is_sustained)
                        return false;
        return result->volume_count > 0;
}

static double together(const struct kt_disk_result *result)
{
        double sum = 0;

        if (result->node.write.is_known && result->node.write.together.is_known)
                return result->node.write.together.value;
        for (size_t v = 0; v < result->volume_count; v++)
                sum += result->volumes[v].fit.sustained.value;
        return sum;
}

static uint64_t whole_mib(double bytes)
{
        return (uint64_t)(bytes / MIB) * MIB;
}

static void judge_volumes(struct kt_disk_result *result, double node_rate)
{
        for (size_t v = 0; v < result->volume_count; v++) {
                struct kt_disk_volume *volume = &result->volumes[v];
                const double rate = fmin(kt_verdict_alone(result, v)->value, node_rate);

                volume->produce_rate = KT_VERDICT_SHARE * rate;
                volume->good_partitions = (uint64_t)(rate * EXPIRE_SECONDS / GOOD_WRITE);
        }
}

/* Each broker with what it writes; where nobody said that, with one volume of its own at full speed. */
static void count_brokers(const struct kt_verdict_inputs *inputs, struct kt_disk_result *result)
{
        struct kt_disk_verdict *verdict = &result->verdict;
        double sum = 0;

        for (size_t v = 0; v < result->volume_count; v++)
                sum += result->volumes[v].produce_rate;
        verdict->is_rate_given = inputs->broker_rate > 0;
        verdict->broker_rate_of_each =
                verdict->is_rate_given ? inputs->broker_rate : sum / (double)result->volume_count;
        /* A twentieth of a broker is noise, not a broker that is missing. */
        if (verdict->broker_rate_of_each > 0)
                verdict->brokers = (uint64_t)(verdict->node_rate / verdict->broker_rate_of_each + 0.05);
}

static bool meets(const struct kt_disk_result *result, double required)
{
        for (size_t v = 0; v < result->volume_count; v++)
                if (result->volumes[v].fit.sustained.value < required)
                        return false;
        return true;
}

static int exit_code(const struct kt_disk_result *result)
{
        enum { SIGNAL_BASE = 128 };

        if (result->signal != 0)
                return SIGNAL_BASE + result->signal;
        if (result->error != 0)
                return KT_EXIT_FAILED;
        for (size_t v = 0; v < result->volume_count; v++)
                if (result->volumes[v].error != 0)
                        return KT_EXIT_FAILED;
        if (result->verdict.required > 0 && !result->verdict.is_met)
                return KT_EXIT_NOT_WANTED;
        return kt_verdict_is_sustained(result) ? KT_EXIT_OK : KT_EXIT_NOT_PROVABLE;
}

/* 0 when the phase ended before its time: the dirty memory may not have been full. */
static double stall_of(const struct kt_disk_phase *phase)
{
        return phase->end == KT_END_TIME ? (double)phase->write_latency.most_ns / 1e9 : 0;
}

void kt_verdict_make(const struct kt_verdict_inputs *inputs, struct kt_disk_result *result)
{
        struct kt_disk_verdict *verdict = &result->verdict;
        const double all = together(result);

        *verdict = (struct kt_disk_verdict){
                .buffer_seconds = inputs->buffer_seconds,
                .required = inputs->required,
                .is_met = meets(result, inputs->required),
        };
        for (size_t v = 0; v < result->volume_count; v++)
                verdict->measured_stall_seconds =
                        fmax(verdict->measured_stall_seconds, stall_of(&result->volumes[v].phases[KT_PHASE_STALL]));
        result->exit_code = exit_code(result);
        if (!kt_verdict_is_sustained(result) || all <= 0)
                return;

        judge_volumes(result, all);
        verdict->sustained_rate = all;
        verdict->node_rate = KT_VERDICT_SHARE * all;
        verdict->broker_rate = verdict->node_rate;
        verdict->memory_bytes = (uint64_t)(verdict->broker_rate * inputs->buffer_seconds);
        verdict->dirty_bytes = whole_mib(all * STALL_SECONDS);
        verdict->dirty_background_bytes = whole_mib(all * BACKGROUND_SECONDS);
        verdict->worst_stall_seconds = (double)result->node.dirty_limit_bytes / all;
        count_brokers(inputs, result);
}
