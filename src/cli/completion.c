/* SPDX-License-Identifier: MIT */
#include "cli/completion.h"

#include "completion_bash.h"
#include "completion_fish.h"
#include "completion_zsh.h"

const char *completion_shell_name(enum completion_shell s)
{
	static const char *const names[] = {
		[COMPLETION_BASH] = "bash", [COMPLETION_ZSH] = "zsh", [COMPLETION_FISH] = "fish"
	};

	return names[s];
}

void completion_write(enum completion_shell s, struct text *out)
{
	switch (s) {
	case COMPLETION_BASH:
		completion_bash_write(out);
		break;
	case COMPLETION_ZSH:
		completion_zsh_write(out);
		break;
	case COMPLETION_FISH:
	case COMPLETION_SHELL_COUNT:
		completion_fish_write(out);
		break;
	}
}
