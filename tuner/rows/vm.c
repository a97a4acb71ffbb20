/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: map areas, swapping, writeback, huge pages. Data only. */
#include "tuner/derive.h"
#include "tuner/row.h"

static const struct kt_row rows[] = {
        {
                .id = "vm.max_map_count",
                .path = "/proc/sys/vm/max_map_count",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_AT_LEAST,
                .derive = kt_derive_map_areas,
                .scope = KT_SCOPE_NODE,
                .is_default = true,
                .grade = 'A',
                .source = "Kafka documentation, Operations, OS; outage in utilitywarehouse/tf_kube_ignition#185",
                .why = "Kafka maps an offset and a time index for each segment; a broker that cannot map one more stops",
                .risk = "none known: it bounds what a process may map and reserves nothing",
        },
        {
                .id = "vm.swappiness",
                .path = "/proc/sys/vm/swappiness",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_BETWEEN,
                .want = "1 10",
                .scope = KT_SCOPE_NODE,
                .grade = 'C',
                .source = "1: Confluent's cp-ansible, Cloudera, Canonical; 10: TuneD throughput-performance",
                .why = "the JVM's heap should stay in memory; without swap on the node it changes nothing",
                .risk = "other programs of the node keep more in memory under pressure",
        },
        {
                .id = "vm.dirty_background_ratio",
                .path = "/proc/sys/vm/dirty_background_ratio",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_AT_MOST,
                .want = "10",
                .scope = KT_SCOPE_NODE,
                .grade = 'C',
                .source = "5: Confluent's cp-ansible, Canonical; 10: the kernel's default and TuneD",
                .why = "writing back early and steadily keeps the disk from one long flush; 0 means that "
                       "vm.dirty_background_bytes rules",
                .risk = "all of the node's writers are flushed earlier",
        },
        {
                .id = "vm.dirty_ratio",
                .path = "/proc/sys/vm/dirty_ratio",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_AT_MOST,
                .want = "40",
                .scope = KT_SCOPE_NODE,
                .grade = 'D',
                .source = "vendors disagree: 80 in cp-ansible and Cloudera, 40 in TuneD, small byte values elsewhere",
                .why = "with most of the memory dirty one flush stops all writers for long; 0 means that "
                       "vm.dirty_bytes rules",
                .risk = "writers of the whole node wait for the disk sooner",
        },
        {
                .id = "vm.zone_reclaim_mode",
                .path = "/proc/sys/vm/zone_reclaim_mode",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_EXACT,
                .want = "0",
                .scope = KT_SCOPE_NODE,
                .grade = 'B',
                .source = "kernel documentation, admin-guide/sysctl/vm, zone_reclaim_mode",
                .why = "page cache of another memory node is better than reclaiming it here and reading from disk",
                .risk = "programs that were placed for local memory may get remote one; a machine without NUMA has no "
                        "such file",
        },
        {
                .id = "transparent_hugepage.enabled",
                .path = "/sys/kernel/mm/transparent_hugepage/enabled",
                .backend = KT_BACKEND_SYSFS,
                .type = KT_ROW_CHOICE,
                .rule = KT_RULE_ONE_OF,
                .want = "madvise always",
                .scope = KT_SCOPE_NODE,
                .grade = 'D',
                .source = "always: Redpanda; never: folklore without a Kafka measurement; madvise lets the JVM ask",
                .why = "a JVM started with -XX:+UseTransparentHugePages gets huge pages only when the kernel lets it",
                .risk = "with 'always' every program gets them, asked or not",
        },
};

const struct kt_row_set kt_rows_vm = { rows, KT_COUNT(rows) };
