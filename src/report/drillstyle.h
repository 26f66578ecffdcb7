/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DRILLSTYLE_H
#define REPORT_DRILLSTYLE_H

/*
 * The style sheet of the reports of drills.  Colours are from a palette that colour-blind people
 * can tell apart; each state has a pattern and each mark a shape besides.
 */
extern const char drillstyle_css[];

#endif
