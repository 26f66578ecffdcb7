/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMPLETION_MODEL_H
#define CLI_COMPLETION_MODEL_H

#include "cli/commands.h"

/* What may stand where on a command line, from the table of commands, for any shell. */
enum completion_model_kind {
	COMPLETION_MODEL_ANY, /* nothing is known about it */
	COMPLETION_MODEL_WORDS,
	COMPLETION_MODEL_FILES,
	COMPLETION_MODEL_NAMES /* what `sluice completion WORD` lists */
};

struct completion_model_choice {
	enum completion_model_kind kind;
	char words[160]; /* WORDS: with blanks between; NAMES: the WORD */
};

/* By what the table calls it: "FILE", "SERVER", "on|off". */
struct completion_model_choice completion_model_choose(const char *name);

struct completion_model_word {
	char name[80]; /* as the table has it */
	bool repeats;  /* all further ones are the same */
	struct completion_model_choice choice;
};

/* The n-th word, from 1, that a command takes besides options; false: it takes no more. */
bool completion_model_word(const struct commands_entry *c, size_t n,
                           struct completion_model_word *ret);

/* The second word of a command of two words: "record"; NULL: it is one word. */
const char *completion_model_second(const struct commands_entry *c);

#endif
