/* SPDX-License-Identifier: Apache-2.0 */
/* Wanted values that follow from the workload. Each returns the number and adds to why how it came about. */
#ifndef KT_TUNER_DERIVE_H
#define KT_TUNER_DERIVE_H

#include <stdint.h>

#include "lib/text/str.h"
#include "tuner/inputs.h"

uint64_t kt_derive_map_areas(const struct kt_inputs *inputs, struct kt_str *why);
uint64_t kt_derive_open_files(const struct kt_inputs *inputs, struct kt_str *why);
uint64_t kt_derive_nr_open(const struct kt_inputs *inputs, struct kt_str *why);
uint64_t kt_derive_file_max(const struct kt_inputs *inputs, struct kt_str *why);
uint64_t kt_derive_dirty_background(const struct kt_inputs *inputs, struct kt_str *why);
uint64_t kt_derive_dirty_limit(const struct kt_inputs *inputs, struct kt_str *why);
uint64_t kt_derive_receive_buffer(const struct kt_inputs *inputs, struct kt_str *why);
uint64_t kt_derive_send_buffer(const struct kt_inputs *inputs, struct kt_str *why);

#endif
