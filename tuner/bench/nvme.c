/* SPDX-License-Identifier: Apache-2.0 */
/* The page's layout is that of the EBS CSI driver (pkg/metrics/nvme.go). Its bytes come from the device: each is read
 * at its place, none is trusted to be a length. */
#include "tuner/bench/nvme.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/base/auto.h"
#include "lib/os/device.h"

enum {
        MAGIC = 0x3C23B510,
        LOG_ID = 0xD0,
        OPCODE_GET_LOG_PAGE = 0x02,
        NAMESPACE = 1,
        FIELDS = 12,
};

static uint64_t u64_at(const unsigned char *page, size_t index)
{
        uint64_t value = 0;

        for (size_t i = 8; i-- > 0;)
                value = value << 8 | page[index * 8 + i];
        return value;
}

int kt_nvme_parse(const unsigned char *page, size_t size, struct kt_nvme_page *ret)
{
        if (size < FIELDS * sizeof(uint64_t) || u64_at(page, 0) != MAGIC)
                return -EBADMSG;

        *ret = (struct kt_nvme_page){
                .read_ops = u64_at(page, 1),
                .write_ops = u64_at(page, 2),
                .read_bytes = u64_at(page, 3),
                .write_bytes = u64_at(page, 4),
                .read_us = u64_at(page, 5),
                .write_us = u64_at(page, 6),
                .volume_iops_us = u64_at(page, 7),
                .volume_throughput_us = u64_at(page, 8),
                .instance_iops_us = u64_at(page, 9),
                .instance_throughput_us = u64_at(page, 10),
                .queue_length = u64_at(page, 11),
        };
        return 0;
}

int kt_nvme_read(const char *name, struct kt_nvme_page *ret)
{
        unsigned char page[KT_NVME_PAGE_SIZE] = { 0 };
        /* NVMe base specification, Get Log Page: the log's id, and the number of dwords less one from bit 16 on. */
        struct nvme_admin_cmd command = {
                .opcode = OPCODE_GET_LOG_PAGE,
                .nsid = NAMESPACE,
                .addr = (uint64_t)(uintptr_t)page,
                .data_len = sizeof(page),
                .cdw10 = LOG_ID | (sizeof(page) / 4 - 1) << 16,
        };
        char path[KT_DEVICE_NAME_MAX + 8];
        KT_AUTO_FD int fd = -1;
        int status;

        (void)snprintf(path, sizeof(path), "/dev/%.*s", KT_DEVICE_NAME_MAX - 1, name); /* fits */
        fd = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        status = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command);
        if (status != 0)
                return status < 0 ? -errno : -EIO; /* positive: the device's own status */
        return kt_nvme_parse(page, sizeof(page), ret);
}
