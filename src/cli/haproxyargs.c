/* SPDX-License-Identifier: MIT */
#include "cli/haproxyargs.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

/* The arguments that are left to read. */
struct reader {
	char **at;
	int left;
};

/* What `letter` is given: the rest of its word, or the next one; NULL if there is none. */
static const char *value_of(struct reader *r, const char *rest)
{
	if (*rest)
		return rest;
	if (r->left < 1)
		return NULL;
	r->left--;
	return *r->at++;
}

static bool take_number(struct reader *r, const char *rest, uint32_t *ret)
{
	const char *value = value_of(r, rest);
	uint64_t n;

	if (!value || !number_parse(value, UINT32_MAX, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

static bool take_text(struct reader *r, const char *rest, const char **ret)
{
	const char *value = value_of(r, rest);

	if (!value)
		return false;
	*ret = value;
	return true;
}

static bool take_file(struct haproxyargs *a, const char *file)
{
	if (!file || a->file_count == HAPROXYARGS_FILES_MAX)
		return false;
	a->files[a->file_count++] = file;
	return true;
}

/* All the process ids that follow; a list may be empty ("-sf $(cat pid)"). */
static bool take_pids(struct haproxyargs *a, struct reader *r, bool terminate)
{
	uint64_t n;

	a->terminate = terminate;
	while (r->left > 0 && **r->at != '-') {
		if (!number_parse(*r->at, INT32_MAX, &n) || n == 0 ||
		    a->pid_count == HAPROXYARGS_PIDS_MAX)
			return false;
		a->pids[a->pid_count++] = (pid_t)n;
		r->at++;
		r->left--;
	}
	return true;
}

/* -d and what begins with it: most of it is about HAProxy's inside. */
static bool take_debug(struct haproxyargs *a, const char *word)
{
	static const char *const needless[] = { "-de", "-dp", "-dS", "-dG", "-dR", "-dL", "-dr",
		                                "-dV", "-dD", "-dZ", "-dI", "-dF", "-dC" };

	if (strcmp(word, "-d") == 0 || strcmp(word, "-db") == 0) {
		a->foreground = true;
		return true;
	}
	if (strcmp(word, "-dW") == 0) {
		a->strict = true;
		return true;
	}
	if (strncmp(word, "-dM", 3) == 0 || strncmp(word, "-dK", 3) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(needless); i++)
		if (strcmp(word, needless[i]) == 0)
			return true;
	return false;
}

static bool take_master(struct haproxyargs *a, const char *word)
{
	a->master = true;
	a->notify = strcmp(word, "-Ws") == 0;
	return a->notify || strcmp(word, "-W") == 0;
}

static bool take_flag(struct haproxyargs *a, const char *word)
{
	static const struct {
		const char *word;
		size_t offset;
	} flags[] = {
		{ "-c", offsetof(struct haproxyargs, check) },
		{ "-D", offsetof(struct haproxyargs, background) },
		{ "-q", offsetof(struct haproxyargs, quiet) },
		{ "-V", offsetof(struct haproxyargs, verbose) },
	};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (strcmp(word, flags[i].word) == 0) {
			*(bool *)((char *)a + flags[i].offset) = true;
			return true;
		}
	return false;
}

static bool take_option(struct haproxyargs *a, struct reader *r, const char *word)
{
	const char *ignored;
	uint32_t needless;

	if (strcmp(word, "-v") == 0 || strcmp(word, "-vv") == 0) {
		a->version = word[2] ? 2 : 1;
		return true;
	}
	if (take_flag(a, word))
		return true;
	if (strcmp(word, "-sf") == 0 || strcmp(word, "-st") == 0)
		return take_pids(a, r, word[2] == 't');
	switch (word[1]) {
	case 'd':
		return take_debug(a, word);
	case 'W':
		return take_master(a, word);
	case 'f':
		return take_file(a, value_of(r, word + 2));
	case 'C':
		return take_text(r, word + 2, &a->folder);
	case 'p':
		return take_text(r, word + 2, &a->pidfile);
	case 'x':
		return take_text(r, word + 2, &a->socket);
	case 'S':
		return take_text(r, word + 2, &a->master_socket);
	case 'L':
		return take_text(r, word + 2, &ignored);
	case 'n':
		return take_number(r, word + 2, &a->maxconn);
	case 'm':
	case 'N':
		return take_number(r, word + 2, &needless);
	default:
		return false;
	}
}

/* What comes after "--": files, whatever they begin with. */
static bool take_rest(struct haproxyargs *a, struct reader *r)
{
	while (r->left > 0 && take_file(a, *r->at)) {
		r->at++;
		r->left--;
	}
	return r->left == 0 && a->file_count > 0;
}

bool haproxyargs_parse(struct haproxyargs *a, int argc, char **argv)
{
	struct reader r = { argv + 1, argc - 1 };

	*a = (struct haproxyargs){ 0 };
	while (r.left > 0) {
		const char *word = *r.at++;

		r.left--;
		if (strcmp(word, "--") == 0)
			return take_rest(a, &r);
		if (word[0] != '-' || !word[1] || !take_option(a, &r, word))
			return false;
	}
	return a->version || a->file_count > 0;
}

void haproxyargs_write_version(unsigned int detail, FILE *out)
{
	fputs("HAProxy version 2.6.0-sluice-" SLUICE_VERSION " 2026/11/21 - https://haproxy.org/\n"
	      "Status: this is sluice " SLUICE_VERSION
	      ", which speaks HAProxy's language in TCP mode; see sluice-haproxy(7).\n",
	      out);
	if (detail < 2)
		return;
	fputs("\nFeature list : +EPOLL +OPENSSL +PROMEX +SYSTEMD +THREAD +NS -LUA -PCRE -ZLIB "
	      "-QUIC\n\n"
	      "Available polling systems :\n      epoll : pref=300,  test result OK\n\n"
	      "Available services : prometheus-exporter\n",
	      out);
}

void haproxyargs_write_usage(const char *program, FILE *out)
{
	fprintf(
	    out,
	    "Usage : %s [-f <cfgfile|cfgdir>]* [ -vdVD ] [ -n <maxconn> ]\n"
	    "        [ -p <pidfile> ] [ -C <dir> ] [-- <cfgfile>*]\n"
	    "        -v displays version ; -vv shows known build options.\n"
	    "        -d and -db stay in the foreground.\n"
	    "        -V enters verbose mode (disables quiet mode)\n"
	    "        -D goes daemon ; -C changes to <dir> before loading files.\n"
	    "        -W master-worker mode.\n"
	    "        -Ws master-worker mode with systemd notify support.\n"
	    "        -q quiet mode : don't display messages\n"
	    "        -c check mode : only check config files and exit\n"
	    "        -n sets the maximum total # of connections\n"
	    "        -p writes pids of all children to this file\n"
	    "        -dW fails if any warning is emitted\n"
	    "        -sf/-st [pid ]* finishes/terminates old pids.\n"
	    "        Understood and without a meaning here: -dM -dK -de -dp -dS -dG -dR -dL -dr "
	    "-dV -dD\n"
	    "        -m -N -L -x -S\n\n",
	    program);
}
