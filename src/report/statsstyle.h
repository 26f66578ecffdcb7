/* SPDX-License-Identifier: MIT */
#ifndef REPORT_STATSSTYLE_H
#define REPORT_STATSSTYLE_H

/*
 * The style sheet of HAProxy's statistics page.  The classes of rows have HAProxy's names; the
 * states are told by a coloured edge and a tint, so that text keeps its contrast.
 */
extern const char statsstyle_css[];

#endif
