/* SPDX-License-Identifier: MIT */
#include "completion_fish.h"

#include "cli/commands.h"
#include "completion_model.h"

static const char head[] =
    "# fish completion for sluice; made by `sluice completion fish`\n"
    "\n"
    "# The command on the line, and the number of the word that is being written.\n"
    "function __sluice_place\n"
    "    set -l words (commandline -opc)\n"
    "    set -l command ''\n"
    "    set -l count 1\n"
    "    set -l skip no\n"
    "    set -e words[1]\n"
    "    for word in $words\n"
    "        if test $skip = yes\n"
    "            set skip no\n"
    "        else if test -z \"$command\"\n"
    "            set command $word\n"
    "        else if string match -q -- '-*' $word\n"
    "            contains -- \"$command $word\" $__sluice_valued; and set skip yes\n"
    "        else if test $count -eq 1; and contains -- \"$command $word\" $__sluice_pairs\n"
    "            set command \"$command $word\"\n"
    "        else\n"
    "            set count (math $count + 1)\n"
    "        end\n"
    "    end\n"
    "    echo \"$command\"\n"
    "    echo $count\n"
    "end\n"
    "\n"
    "# COMMAND [NUMBER]\n"
    "function __sluice_at\n"
    "    set -l place (__sluice_place)\n"
    "    test \"$place[1]\" = \"$argv[1]\"; or return 1\n"
    "    test (count $argv) -lt 2; or test \"$place[2]\" = \"$argv[2]\"\n"
    "end\n"
    "\n"
    "# WHICH\n"
    "function __sluice_names\n"
    "    set -l words (commandline -opc)\n"
    "    set -l socket\n"
    "    for i in (seq 2 (count $words))\n"
    "        if contains -- $words[$i] -s --socket; and test $i -lt (count $words)\n"
    "            set socket -s $words[(math $i + 1)]\n"
    "        end\n"
    "    end\n"
    "    $words[1] completion $argv[1] $socket 2>/dev/null\n"
    "end\n"
    "\n";

/* Between single quotes. */
static void add_quoted(const char *s, struct text *out)
{
	for (; *s != '\0'; s++) {
		if (*s == '\'' || *s == '\\')
			text_addc(out, '\\');
		text_addc(out, *s);
	}
}

static void add_pairs(struct text *out)
{
	text_add(out, "set -g __sluice_pairs");
	for (int i = 0; i < COMMANDS_COUNT; i++) {
		const struct commands_entry *c = commands_get((enum commands_id)i);

		if (completion_model_second(c) != NULL)
			text_addf(out, " '%s'", c->name);
	}
	text_addc(out, '\n');
}

static void add_valued(struct text *out)
{
	const struct commands_option *o;

	text_add(out, "set -g __sluice_valued");
	for (size_t i = 0; (o = commands_option_at(i)) != NULL; i++) {
		const char *command = commands_get(o->command)->name;

		if (*o->value == '\0')
			continue;
		text_addf(out, " \\\n    '%s --%s'", command, o->name);
		if (o->letter != 0)
			text_addf(out, " '%s -%c'", command, o->letter);
	}
	text_addc(out, '\n');
}

static void add_condition(const char *command, size_t word, struct text *out)
{
	text_addf(out, "complete -c sluice -n '__sluice_at \"%s\"", command);
	if (word != 0)
		text_addf(out, " %zu", word);
	text_addc(out, '\'');
}

/* What goes on a line that knows its place already. */
static void add_choice(const struct completion_model_choice *c, struct text *out)
{
	switch (c->kind) {
	case COMPLETION_MODEL_FILES:
		text_add(out, " -F");
		break;
	case COMPLETION_MODEL_NAMES:
		text_addf(out, " -a '(__sluice_names %s)'", c->words);
		break;
	case COMPLETION_MODEL_WORDS:
		text_addf(out, " -a '%s'", c->words);
		break;
	case COMPLETION_MODEL_ANY:
		break;
	}
}

static void add_help(const char *help, struct text *out)
{
	text_add(out, " -d '");
	add_quoted(help, out);
	text_add(out, "'\n");
}

static void add_option(const struct commands_entry *c, const struct commands_option *o,
                       struct text *out)
{
	struct completion_model_choice choice = completion_model_choose(o->value);

	add_condition(c->name, 0, out);
	if (o->letter != 0)
		text_addf(out, " -s %c", o->letter);
	text_addf(out, " -l %s", o->name);
	if (*o->value != '\0') {
		text_add(out, " -r");
		add_choice(&choice, out);
	}
	add_help(o->help, out);
}

static void add_words(const struct commands_entry *c, struct text *out)
{
	struct completion_model_word word;
	bool more = true;

	for (size_t n = 1; more && completion_model_word(c, n, &word); n++) {
		more = !word.repeats;
		if (word.choice.kind == COMPLETION_MODEL_ANY)
			continue;
		add_condition(c->name, word.repeats ? 0 : n, out);
		add_choice(&word.choice, out);
		add_help(word.name, out);
	}
}

static void add_command(const struct commands_entry *c, struct text *out)
{
	const struct commands_option *o;

	if (completion_model_second(c) == NULL) {
		add_condition("", 0, out);
		text_addf(out, " -a %s", c->name);
		add_help(c->summary, out);
	}
	for (size_t i = 0; (o = commands_option_at(i)) != NULL; i++)
		if (o->command == c->id)
			add_option(c, o, out);
	add_words(c, out);
}

void completion_fish_write(struct text *out)
{
	text_add(out, head);
	add_pairs(out);
	add_valued(out);
	text_add(out, "\ncomplete -c sluice -f\n"
	              "complete -c sluice -l help -d 'examples and options'\n");
	for (int i = 0; i < COMMANDS_COUNT; i++)
		add_command(commands_get((enum commands_id)i), out);
}
