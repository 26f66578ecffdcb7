/* SPDX-License-Identifier: MIT */
#include "pagelook.h"

#include "plain.h"

struct pagelook pagelook_of(const struct state *s)
{
	if (state_in_maint(s))
		return (struct pagelook){ "maint", "\u25a0" };
	if ((s->admin & STATE_DRAIN_ANY) && s->health != STATE_DOWN)
		return (struct pagelook){ "drain", "\u25d1" };
	switch (s->health) {
	case STATE_UP:
	case STATE_NOCHECK:
		return (struct pagelook){ "up", "\u25cf" };
	case STATE_NOLB:
		return (struct pagelook){ "nolb", "\u25d0" };
	case STATE_CHECKING:
		return (struct pagelook){ "checking", "\u25cb" };
	case STATE_DOWN:
	case STATE_HEALTH_COUNT:
		break;
	}
	return (struct pagelook){ "down", "\u2716" };
}

/* --- pieces ------------------------------------------------------------------------------- */
