/* SPDX-License-Identifier: MIT */
#include "troff.h"

void troff_add(struct text *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		text_add(out, "\\&");
	for (; *s; s++) {
		if (*s == '\\')
			text_add(out, "\\e");
		else if (*s == '-')
			text_add(out, "\\-");
		else
			text_addc(out, *s);
	}
}
