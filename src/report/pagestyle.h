/* SPDX-License-Identifier: MIT */
#ifndef REPORT_PAGESTYLE_H
#define REPORT_PAGESTYLE_H

/*
 * The style sheet of the dashboard.  State colours are those of Okabe and Ito, which people with
 * any form of colour blindness tell apart, darkened or lightened until text of them has a contrast
 * of at least 4.5:1 with its background.
 */
extern const char pagestyle_css[];

#endif
