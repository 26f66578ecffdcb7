/* SPDX-License-Identifier: MIT */
/*
 * A server's row in the table of its service.
 *
 *   COLUMNS: [{ key, name, title, number, sort(server, service) -> what is compared }]
 *   createRow(service, server, hooks) -> row; row.el; row.look: state() of it
 *     row.note()                only the state: cheap, for rows that nobody sees
 *     row.draw(points, now)     all of it
 *     row.matches(words)        does each of the words occur in its name, address, state, ...?
 *   hooks: onWhy(service, server, opener), onMenu(service, server, opener)
 *
 * `service` and `server` are the model's objects, which change in place.
 */
import { h, mark, say } from "./dom.js";
import { createSpark } from "./spark.js";
import { createTierTag } from "./tiers.js";
import { age, answer, bytes, count, date, rate, short, state } from "./words.js";

const ORDER = ["down", "warming", "nolb", "checking", "drain", "maint", "up"];

export const COLUMNS = [
	{ key: "state", name: "State", title: "Health, or what an administrator decided",
		sort: (s) => ORDER.indexOf(state(s).key) },
	{ key: "name", name: "Server", title: "Name, address and locality", sort: (s) => s.name },
	{ key: "since", name: "Since and why", title: "How long it has been in this state, and what led to it",
		sort: (s) => -Date.parse(s.since) },
	{ key: "check", name: "Last check", title: "What the last health check found, and when",
		sort: (s) => -(s.check?.duration_ms ?? -1) },
	{ key: "sessions", name: "Sessions", number: true,
		title: "Open now, of the most allowed; the bar is a share", sort: (s) => -s.sessions },
	{ key: "trend", name: "Rate, 15 min",
		title: "New sessions per second; area: sessions, bars: new ones, over the last 15 minutes",
		sort: (s) => -s.rate },
	{ key: "lost", name: "Errors", title: "What went wrong or had to be saved, since the start",
		sort: (s) => -lossesOf(s) },
	{ key: "weight", name: "Weight", number: true, title: "Its share of new sessions against the others'",
		sort: (s) => -s.weight },
	{ key: "act", name: "", title: "" },
];

/* Counters of the column "Errors": field, words after the number, whether it is bad. */
const LOSSES = [
	["connect_errors", "failed", true, "sessions that got no connection to it"],
	["server_aborts", "broken off", true, "sessions that it reset, or that were silent too long"],
	["cut", "cut", true, "sessions that sluice closed"],
	["retries", "retried", false, "further attempts to connect to it"],
	["redispatches", "redispatched", false, "connects that went on to another server"],
	["replayed", "replayed", false, "sessions that went on to another server with what the client had said"],
	["asked", "moved politely", false, "sessions that were closed between transactions"],
];

function lossesOf(s) {
	return s.connect_errors + s.server_aborts + s.cut;
}

/* --- cells -------------------------------------------------------------------------------- */

function td(key, ...children) {
	const column = COLUMNS.find((c) => c.key === key);

	return h("td", { class: `c-${key}${column.number ? " n" : ""}`, "data-label": column.name || null }, ...children);
}

function createState() {
	const badge = h("span", { class: "state", "data-field": "state" });
	const extra = h("small", { class: "fault", hidden: true });

	return {
		el: td("state", badge, extra),
		draw(s, look) {
			say(badge, `${look.glyph} ${look.word}`);
			extra.hidden = !s.fault;
			if (s.fault) {
				say(extra, `\u26a0 ${s.fault.text}`);
				mark(extra, "title", `${s.fault.meaning}${s.fault.left_ms === null ? ""
					: `, for ${age(s.fault.left_ms)} more`}`);
			}
		},
	};
}

function createName(service, s) {
	const address = h("small");
	const tier = s.backup ? null : createTierTag(service, s);
	const locality = h("small");

	return {
		el: td("name", h("span", { class: "line" }, h("b", { text: s.name }),
			s.backup && h("span", { class: "tag", text: "backup" }), tier?.el, locality), address),
		draw() {
			const at = !s.address || s.address === "-" ? "no address yet" : s.address;
			const named = s.host && !at.startsWith(s.host) ? `${s.host}, ${at}` : at;

			tier?.draw();
			say(address, named);
			mark(address, "title", named);
			say(locality, s.locality ?? "");
			mark(locality, "title", s.locality);
		},
	};
}

function createSince() {
	const time = h("time", { "data-field": "since" });
	const cause = h("span", { class: "cause", "data-field": "cause" });

	return {
		el: td("since", time, cause),
		draw(s, now) {
			const since = Date.parse(s.since);

			say(time, age(now - since));
			mark(time, "datetime", s.since);
			mark(time, "title", `since ${date(since)}`);
			say(cause, s.cause || "");
			mark(cause, "title", s.cause || null);
		},
	};
}

function createCheck() {
	const found = h("span", { class: "found", "data-field": "check" });
	const facts = h("span");
	const ago = h("span", { class: "ago" });
	const small = h("small", {}, facts, ago);

	return {
		el: td("check", found, small),
		draw(s, now) {
			const c = s.check;

			if (!c) {
				say(found, s.checked ? "not yet" : "none");
				say(facts, "");
				say(ago, "");
				mark(found, "class", "found soft");
				return;
			}
			mark(found, "class", c.passed ? "found" : "found bad");
			say(found, answer(c));
			mark(found, "title", c.info ? `${c.words}: ${c.info}` : c.words);
			say(facts, `${c.code}, ${count(c.duration_ms)} ms`);
			say(ago, `, ${age(now - Date.parse(c.time))} ago`);
			mark(small, "title", `${c.type} at ${date(Date.parse(c.time))}`);
		},
	};
}

function createSessions() {
	const now = h("b", { "data-field": "sessions" });
	const limit = h("span", { class: "limit" });
	const fill = h("span", { class: "fill" });
	const bar = h("span", { class: "bar" }, fill);

	return {
		el: td("sessions", now, limit, bar),
		draw(s, service) {
			const whole = s.sessions_limit || service.sessions;
			const share = whole ? Math.min(1, s.sessions / whole) : 0;
			const percent = `${Math.round(100 * share)} %`;

			say(now, count(s.sessions));
			say(limit, s.sessions_limit ? ` / ${short(s.sessions_limit)}` : "");
			if (bar.share !== percent) {
				bar.share = percent;
				fill.style.width = `${Math.round(100 * share)}%`;
			}
			mark(bar, "class", s.sessions_limit && share >= 0.9 ? "bar full" : "bar");
			mark(bar, "title", `${percent} of ${s.sessions_limit ? "its limit" : "the service's sessions"}`);
			mark(now, "title", `at most ${count(s.sessions_max)} since the start`);
		},
	};
}

function createTrend() {
	const now = h("span", { "data-field": "rate" });
	const shown = h("span", { class: "rate" }, now, "/s");
	const spark = createSpark();

	return {
		el: td("trend", shown, spark.el),
		draw(s, points, at) {
			say(now, rate(s.rate));
			mark(shown, "class", s.rate ? "rate" : "rate soft");
			mark(now, "title", `at most ${count(s.rate_max)} per second; ${count(s.sessions_total)} since the start; ` +
				`${bytes(s.bytes_in)} in, ${bytes(s.bytes_out)} out`);
			spark.draw(points, at);
		},
	};
}

function createLost() {
	const parts = LOSSES.map(([field, words, bad, title]) => ({
		field, words,
		el: h("span", { class: bad ? "bad" : null, "data-field": field, title, hidden: true }),
	}));
	const none = h("span", { class: "soft", text: "\u2013" });
	const el = td("lost", none, parts.map((p) => p.el));

	return {
		el,
		draw(s) {
			const all = [];

			for (const p of parts) {
				const n = s[p.field] ?? 0;
				const words = n ? `${short(n)} ${p.words}` : "";

				if (n)
					all.push(words);
				p.el.hidden = !n;
				say(p.el, words);
			}
			none.hidden = all.length > 0;
			mark(el, "data-idle", !all.length);
			mark(el, "title", all.length > 1 ? all.join(", ") : null);
		},
	};
}

function createWeight() {
	const now = h("span", { "data-field": "weight" });
	const before = h("small");
	const el = td("weight", now, before);

	return {
		el,
		draw(s) {
			say(now, s.weight);
			say(before, s.weight === s.weight_configured ? "" : `was ${s.weight_configured}`);
			mark(el, "data-idle", s.weight === s.weight_configured);
		},
	};
}

function createAct(service, s, hooks) {
	const place = `${service.name}/${s.name}`;
	const why = h("button", {
		type: "button", class: "quiet", "data-action": "why", title: `Why ${place} is in this state: its last checks`,
		"aria-label": `Why: ${place}`, onclick: () => hooks.onWhy(service.name, s.name, why),
	}, "why");
	const more = h("button", {
		type: "button", class: "quiet", "data-action": "menu", title: `Drain, stop or change ${place}`,
		"aria-label": `Actions: ${place}`, "aria-haspopup": "true", "aria-expanded": "false",
		onclick: () => hooks.onMenu(service.name, s.name, more),
	}, "\u22ef");

	return td("act", why, more);
}

/* --- the row ------------------------------------------------------------------------------ */

export function createRow(service, server, hooks) {
	const cells = {
		state: createState(), name: createName(service, server), since: createSince(), check: createCheck(),
		sessions: createSessions(), trend: createTrend(), lost: createLost(), weight: createWeight(),
	};
	const el = h("tr", { "data-service": service.name, "data-server": server.name },
		Object.values(cells).map((c) => c.el), createAct(service, server, hooks));
	const row = { el, server, look: null, note, draw, matches };

	el.addEventListener("animationend", () => el.classList.remove("changed"));

	function note() {
		const look = state(server);

		if (row.look?.key !== look.key) {
			if (row.look)
				el.classList.remove(row.look.key);
			el.classList.add(look.key);
			el.classList.toggle("changed", Boolean(row.look));
			el.dataset.state = look.key;
		}
		row.look = look;
	}
	function draw(points, now) {
		note();
		cells.state.draw(server, row.look);
		cells.name.draw();
		cells.since.draw(server, now);
		cells.check.draw(server, now);
		cells.sessions.draw(server, service);
		cells.trend.draw(server, points, now);
		cells.lost.draw(server);
		cells.weight.draw(server);
	}
	function matches(words) {
		const text = [service.name, server.name, server.address, server.host, server.locality, server.state,
			server.fault?.text, server.cause].join(" ").toLowerCase();

		return words.every((word) => text.includes(word));
	}
	return row;
}
