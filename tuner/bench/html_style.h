/* SPDX-License-Identifier: Apache-2.0 */
/* The style sheet of the page, line by line, ended by NULL. */
#ifndef KT_TUNER_BENCH_HTML_STYLE_H
#define KT_TUNER_BENCH_HTML_STYLE_H

extern const char *const kt_html_style[];

#endif
