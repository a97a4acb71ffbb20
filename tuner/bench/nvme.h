/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon's NVMe log page 0xD0: how long the volume's and the instance's own limits held requests back. */
#ifndef KT_TUNER_BENCH_NVME_H
#define KT_TUNER_BENCH_NVME_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"

enum { KT_NVME_PAGE_SIZE = 4096 };

/* Microseconds and counts since the volume was attached. */
struct kt_nvme_page {
        uint64_t read_ops;
        uint64_t write_ops;
        uint64_t read_bytes;
        uint64_t write_bytes;
        uint64_t read_us;
        uint64_t write_us;
        uint64_t volume_iops_us;
        uint64_t volume_throughput_us;
        uint64_t instance_iops_us;
        uint64_t instance_throughput_us;
        uint64_t queue_length;
};

/* Reads the page's bytes. -EBADMSG: too short, or not this page. */
KT_MUST_CHECK int kt_nvme_parse(const unsigned char *page, size_t size, struct kt_nvme_page *ret);

/* Asks the device /dev/NAME. -EACCES and -EPERM without the right to, -ENOENT without the node, -EBADMSG or -EIO from a
 * device that has no such page. */
KT_MUST_CHECK int kt_nvme_read(const char *name, struct kt_nvme_page *ret);

#endif
