/* SPDX-License-Identifier: MIT */
#include "topterm.h"

#include <curses.h>
/* Its macros are hundreds of short names: it stands in a file of its own. */
#include <term.h>
#include <unistd.h>

bool topterm_is_known(const char *name)
{
	int answer;

	if (setupterm(name, STDOUT_FILENO, &answer) != OK)
		return false;
	del_curterm(set_curterm(NULL));
	return true;
}
