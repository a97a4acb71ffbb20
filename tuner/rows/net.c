/* SPDX-License-Identifier: Apache-2.0 */
/* Socket buffers and the accept queue. Data only. */
#include "tuner/derive.h"
#include "tuner/row.h"

static const struct kt_row rows[] = {
        {
                .id = "net.core.rmem_max",
                .path = "/proc/sys/net/core/rmem_max",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_AT_LEAST,
                .derive = kt_derive_receive_buffer,
                .scope = KT_SCOPE_NODE,
                .is_default = true,
                .grade = 'B',
                .source = "socket(7), SO_RCVBUF: larger requests are cut to it; socket.receive.buffer.bytes",
                .why = "replication between sites needs the receive buffers that the configuration asks for",
                .risk = "any program may ask for buffers of that size",
        },
        {
                .id = "net.core.wmem_max",
                .path = "/proc/sys/net/core/wmem_max",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_AT_LEAST,
                .derive = kt_derive_send_buffer,
                .scope = KT_SCOPE_NODE,
                .is_default = true,
                .grade = 'B',
                .source = "socket(7), SO_SNDBUF: larger requests are cut to it; socket.send.buffer.bytes",
                .why = "consumers far away need the send buffers that the configuration asks for",
                .risk = "any program may ask for buffers of that size",
        },
        {
                .id = "net.ipv4.tcp_rmem",
                .path = "/proc/sys/net/ipv4/tcp_rmem",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_TUPLE,
                .column = 3,
                .rule = KT_RULE_AT_LEAST,
                .want = "16777216",
                .scope = KT_SCOPE_NETNS,
                .grade = 'C',
                .source =
                        "Kafka documentation, Operations, OS (max socket buffer size, no number); 1 Gbit/s over 130 ms",
                .why = "a connection whose buffer is left to the kernel can grow to it; counts between distant sites only",
                .risk = "more kernel memory for connections that are slow to read; pods made before keep the old value",
        },
        {
                .id = "net.ipv4.tcp_wmem",
                .path = "/proc/sys/net/ipv4/tcp_wmem",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_TUPLE,
                .column = 3,
                .rule = KT_RULE_AT_LEAST,
                .want = "16777216",
                .scope = KT_SCOPE_NETNS,
                .grade = 'C',
                .source =
                        "Kafka documentation, Operations, OS (max socket buffer size, no number); 1 Gbit/s over 130 ms",
                .why = "a connection whose buffer is left to the kernel can grow to it; counts between distant sites only",
                .risk = "more kernel memory for connections whose peers are slow; pods made before keep the old value",
        },
        {
                .id = "net.core.somaxconn",
                .path = "/proc/sys/net/core/somaxconn",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_AT_LEAST,
                .want = "4096",
                .scope = KT_SCOPE_NETNS,
                .grade = 'C',
                .source = "4096: the kernel's default since 5.4; it caps socket.listen.backlog.size",
                .why = "after a restart all clients connect at once, and what the accept queue does not hold is dropped",
                .risk = "none known; written on a host it never reaches a pod, whose namespace starts with the default",
        },
};

const struct kt_row_set kt_rows_net = { rows, KT_COUNT(rows) };
