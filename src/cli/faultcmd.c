/* SPDX-License-Identifier: MIT */
#include "cli/faultcmd.h"

#include "cli/client.h"
#include "cli/options.h"

#include <string.h>

/* Of a success the lines before its last one, "done", are for people. */
static bool take_answer(const struct console *c, const struct text *answer, struct error *err)
{
	static const char done[] = "done\n";
	const size_t end = sizeof(done) - 1;

	if (answer->len < end || strcmp(answer->data + answer->len - end, done) != 0)
		return client_refused(text_str(answer), err);
	fwrite(answer->data, 1, answer->len - end, c->out);
	return true;
}

/* One argument of the runtime command, whatever is in it. */
static void add_word(struct text *out, const char *word)
{
	text_addc(out, ' ');
	for (; *word; word++) {
		if (strchr("\\ ;\"'#", *word))
			text_addc(out, '\\');
		text_addc(out, *word);
	}
}

int faultcmd_main(const struct console *c, int argc, char **argv)
{
	AUTO_TEXT command = { 0 };
	AUTO_TEXT answer = { 0 };
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_FAULT, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_FAULT), &err);
	text_add(&command, "fault");
	for (size_t i = 0; i < o.word_count; i++)
		add_word(&command, o.words[i]);
	if (!client_ask(client_path(options_value(&o, "socket")), text_str(&command),
	                CLIENT_PATIENCE_MS, &answer, &err) ||
	    !take_answer(c, &answer, &err))
		return console_fail(c, &err);
	return CONSOLE_OK;
}
