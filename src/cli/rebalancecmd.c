/* SPDX-License-Identifier: MIT */
#include "cli/rebalancecmd.h"

#include "cli/client.h"
#include "cli/options.h"

#include <string.h>

static bool write_command(const struct options *o, struct text *out, struct error *err)
{
	text_add(out, "rebalance");
	if (o->word_count) {
		/* No name has what means something else to the daemon. */
		if (strpbrk(o->words[0], "\\ \t\r\n;\"'#"))
			return error_set(err, "no service \"%s\"; `sluice status` shows them",
			                 o->words[0]);
		text_addf(out, " %s", o->words[0]);
	}
	if (options_has(o, "dry-run"))
		text_add(out, " dry-run");
	return true;
}

/* Of a success the lines before its last one, "done", are for people. */
static bool show(const struct console *c, const struct text *answer, struct error *err)
{
	static const char done[] = "done\n";
	const size_t end = sizeof(done) - 1;

	if (answer->len < end || strcmp(answer->data + answer->len - end, done) != 0)
		return client_refused(text_str(answer), err);
	fwrite(answer->data, 1, answer->len - end, c->out);
	return true;
}

int rebalancecmd_main(const struct console *c, int argc, char **argv)
{
	AUTO_TEXT command = { 0 };
	AUTO_TEXT answer = { 0 };
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_REBALANCE, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_REBALANCE), &err);
	if (!write_command(&o, &command, &err) ||
	    !client_ask(client_path(options_value(&o, "socket")), text_str(&command),
	                CLIENT_PATIENCE_MS, &answer, &err) ||
	    !show(c, &answer, &err))
		return console_fail(c, &err);
	return CONSOLE_OK;
}
