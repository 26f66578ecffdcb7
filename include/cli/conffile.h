/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFFILE_H
#define CLI_CONFFILE_H

struct console;
struct options;

/*
 * Which configuration a command is about: what its -f says; else /etc/sluice/sluice.conf; and where
 * there is none, sluice.conf in the working directory if there is one.  An installed configuration
 * goes first: a file that happens to lie about never takes its place.  NULL: neither is there,
 * which is told on `c->err`.
 */
const char *conffile_path(const struct console *c, const struct options *o);

#endif
