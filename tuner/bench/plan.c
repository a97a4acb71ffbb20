/* SPDX-License-Identifier: Apache-2.0 */
/* The table of phases, and the arithmetic of time and bytes. */
#include "tuner/bench/plan.h"

#include <math.h>

enum {
        USUAL_SECONDS = 60,
        USUAL_SECONDS_MORE = 30,
        OVERHEAD_SECONDS = 2, /* opening, closing */
        WRITE_PERCENT = 40,   /* of the time, at least: it is the one that all others rest on */
        FREE_PERCENT = 10,
        EXPIRE_SECONDS = 30, /* vm.dirty_expire_centisecs: how long data waits for more of its kind */
        BLOCK_LEAST = 4096,
        BLOCK_MOST = 1 << 20,
};

#define BYTES_MOST (UINT64_C(16) << 30)

/* Six seconds are one to settle and five windows, the fewest that a cap is told from (cap.h). */
const struct kt_disk_phase_row kt_disk_phase_rows[KT_PHASE_COUNT_] = {
        {
                .id = KT_PHASE_WRITE,
                .byte_weight = 50,
                .writes = true,
        },
        {
                .id = KT_PHASE_REFILL,
                .want_seconds = 14, /* six of rest */
                .least_seconds = 14,
                .byte_weight = 5,
                .is_extra = true,
                .writes = true,
        },
        {
                .id = KT_PHASE_SOLO,
                .want_seconds = 6,
                .least_seconds = 0.5,
                .is_compared = true,
                .byte_weight = 12,
                .is_each = true,
                .needs_several = true,
                .writes = true,
        },
        {
                .id = KT_PHASE_AGAIN,
                .want_seconds = 6,
                .least_seconds = 0.5,
                .is_compared = true,
                .byte_weight = 10,
                .needs_several = true,
                .writes = true,
        },
        {
                .id = KT_PHASE_READ,
                .want_seconds = 6,
                .least_seconds = 0.5,
                .is_compared = true,
                .reads = true,
        },
        {
                .id = KT_PHASE_READ_SOLO,
                .want_seconds = 6,
                .least_seconds = 0.5,
                .is_compared = true,
                .is_each = true,
                .needs_several = true,
                .reads = true,
        },
        {
                .id = KT_PHASE_READ_AGAIN,
                .want_seconds = 6,
                .least_seconds = 6,
                .needs_several = true,
                .is_extra = true,
                .reads = true,
        },
        {
                .id = KT_PHASE_MIXED,
                .want_seconds = 4,
                .least_seconds = 0.5,
                .byte_weight = 8,
                .writes = true,
                .reads = true,
                .set = KT_SET_BESIDE,
        },
        {
                .id = KT_PHASE_SYNC_50,
                .want_seconds = 3,
                .least_seconds = 0.5,
                .byte_weight = 5,
                .load = 0.5,
                .writes = true,
                .syncs = true,
                .set = KT_SET_BESIDE,
        },
        {
                .id = KT_PHASE_SYNC_80,
                .want_seconds = 3,
                .least_seconds = 0.5,
                .byte_weight = 5,
                .load = 0.8,
                .writes = true,
                .syncs = true,
                .set = KT_SET_BESIDE,
        },
        {
                .id = KT_PHASE_CATCH_UP,
                .want_seconds = 3,
                .least_seconds = 0.5,
                .reads = true,
                .is_buffered = true,
        },
        {
                .id = KT_PHASE_STALL,
                .want_seconds = 20,
                .least_seconds = 10,
                .byte_weight = 5,
                .is_extra = true,
                .load = 1.5,
                .writes = true,
                .is_buffered = true,
                .set = KT_SET_BESIDE,
        },
};

double kt_disk_plan_usual_seconds(size_t volumes)
{
        return USUAL_SECONDS + (double)(volumes > 1 ? volumes - 1 : 0) * USUAL_SECONDS_MORE;
}

uint64_t kt_disk_plan_bytes(uint64_t free_bytes, uint64_t asked)
{
        const uint64_t usual = free_bytes / 100 * FREE_PERCENT;

        if (asked > 0)
                return asked;
        return usual < BYTES_MOST ? usual : BYTES_MOST;
}

/* A phase ends when its last requests have: of eight in flight at 30 MB/s that is a quarter of a second. */
static const double end_seconds = 0.25;

static double wanted_once(const struct kt_disk_phase_row *row, size_t volumes, double seconds)
{
        const double share = seconds / kt_disk_plan_usual_seconds(volumes);

        if (!row->is_compared || volumes < 2 || share <= 1)
                return row->want_seconds;
        return fmin(row->want_seconds * share, KT_DISK_PLAN_COMPARED_MOST);
}

static double wanted(const struct kt_disk_phase_row *row, size_t volumes, double seconds)
{
        if (row->is_extra || (row->needs_several && volumes < 2))
                return 0;
        return (wanted_once(row, volumes, seconds) + end_seconds) * (row->is_each ? (double)volumes : 1);
}

double kt_disk_plan_seconds_for(size_t volumes, double phase_seconds)
{
        const double share = phase_seconds / kt_disk_phase_rows[KT_PHASE_SOLO].want_seconds;

        return phase_seconds <= KT_DISK_PLAN_COMPARED_MOST ? kt_disk_plan_usual_seconds(volumes) * fmax(share, 1) : 0;
}

/* A phase's share of what is left: phases that are left out leave theirs to the others. */
static void share_bytes(struct kt_disk_plan *plan)
{
        unsigned rest = 0;

        for (size_t p = KT_PHASE_COUNT_; p-- > 0;) {
                if (plan->phases[p].seconds <= 0 && !kt_disk_phase_rows[p].is_extra)
                        continue;
                rest += kt_disk_phase_rows[p].byte_weight;
                plan->phases[p].byte_share = rest > 0 ? (double)kt_disk_phase_rows[p].byte_weight / rest : 0;
        }
}

void kt_disk_plan_make(size_t volumes, double seconds, struct kt_disk_plan *ret)
{
        const double least_write = seconds * WRITE_PERCENT / 100;
        double others = OVERHEAD_SECONDS;
        double write;
        double scale;

        for (size_t p = 0; p < KT_PHASE_COUNT_; p++)
                others += wanted(&kt_disk_phase_rows[p], volumes, seconds);
        write = seconds - others > least_write ? seconds - others : least_write;
        scale = (seconds - write) / others;
        scale = scale < 1 ? scale : 1;

        *ret = (struct kt_disk_plan){ .seconds = seconds };
        for (size_t p = 0; p < KT_PHASE_COUNT_; p++) {
                const struct kt_disk_phase_row *row = &kt_disk_phase_rows[p];
                double share = p == KT_PHASE_WRITE ? write : wanted_once(row, volumes, seconds) * scale;

                if (row->needs_several && volumes < 2)
                        ret->phases[p].why = "There is one volume only.";
                else if (row->is_extra)
                        ret->phases[p].why = "There was no time left for it (--time).";
                else if (share < row->least_seconds)
                        ret->phases[p].why = "The time is too short for it (--time).";
                else
                        ret->phases[p].seconds = share;
        }
        share_bytes(ret);
}

uint32_t kt_disk_plan_block(double rate, uint64_t partitions, uint64_t max_sectors_kib)
{
        double most = max_sectors_kib > 0 ? (double)max_sectors_kib * 1024 : BLOCK_MOST;
        double block = partitions > 0 ? rate * EXPIRE_SECONDS / (double)partitions : BLOCK_MOST;

        most = most < BLOCK_MOST ? most : BLOCK_MOST;
        block = block < most ? block : most;
        block = block > BLOCK_LEAST ? block : BLOCK_LEAST;
        return (uint32_t)block / BLOCK_LEAST * BLOCK_LEAST;
}

/* Var(ln rho) is about 1.5 noise^2 / n for two volumes that are alike; 2.33 and 1.64 are the normal distribution's
 * quantiles of 99 and 95 %. */
double kt_disk_plan_windows(double noise, double correlation)
{
        const double step = (2.33 + 1.64) * noise / log(0.9);

        return 1.5 * step * step * (1 + correlation) / (1 - correlation);
}
