/* SPDX-License-Identifier: MIT */
#include "cli/conffile.h"

#include "cli/console.h"
#include "cli/options.h"

#include <errno.h>
#include <unistd.h>

#define INSTALLED "/etc/sluice/sluice.conf"
#define HERE      "sluice.conf"

const char *conffile_path(const struct console *c, const struct options *o)
{
	const char *given = options_value(o, "file");
	struct error err;

	if (given != NULL)
		return given;
	/* One that may not be read is there, too. */
	if (access(INSTALLED, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
		return INSTALLED;
	if (access(HERE, F_OK) == 0)
		return HERE;
	error_set(&err,
	          "no configuration: neither " INSTALLED " nor ./" HERE
	          " is there; name one (-f FILE), or write one (`sluice gen HOST ... --out " HERE
	          "`)");
	console_fail(c, &err);
	return NULL;
}
