/* SPDX-License-Identifier: MIT */
/*
 * The first look: what is wrong and why, then six numbers, then what happened last.
 *
 *   create(model, { onTroubles(), onServer(service, server) }) -> element
 *   troublesOf(status) -> [{ id, key, rank, place, service, services, server, what, why, since }],
 *   the worst first
 */
import { h, mark, painter, say } from "./dom.js";
import { keyed } from "./keyed.js";
import { createSpark } from "./spark.js";
import { age, answer, bytes, clock, count, date, event as wordsOf, GLYPHS, plural, rate, state } from "./words.js";

const SHOWN_MAX = 6;
const EVENTS_SHOWN = 20;
const MINUTE_MS = 60000;

/* --- troubles ----------------------------------------------------------------------------- */

const RANK = { down: 2, warming: 4, nolb: 5, checking: 6, drain: 7, maint: 8, up: 9 };

/* UP 2/3: it takes sessions, and the last checks failed. */
function isTrouble(s, look) {
	return !s.usable || look.key === "warming" || Boolean(s.fault);
}

function whyOf(s, look) {
	if (s.fault)
		return `fault: ${s.fault.text}${s.cause && !s.usable ? `; ${s.cause}` : ""}`;
	if (look.key === "warming" && s.check)
		return `${s.check.passed ? "check passed" : "check failed"}: ${answer(s.check)}`;
	return s.cause || answer(s.check);
}

/*
 * A node has the same trouble in all services: it is told once, with the services' names.  `list`
 * is in the order of the services.
 */
function gather(list) {
	const of = new Map();

	for (const t of list) {
		const id = t.server ? `${t.server} ${t.what} ${t.why}` : t.id;
		const first = of.get(id);

		if (!first) {
			of.set(id, t);
			continue;
		}
		first.services.push(t.service);
		first.since = Math.min(first.since, t.since);
		first.place = `${t.server} of ${first.services.join(", ")}`;
	}
	return [...of.values()];
}

function serverTrouble(service, s) {
	const look = state(s);

	if (!isTrouble(s, look))
		return null;
	return {
		id: `${service.name}/${s.name}`,
		key: look.key,
		rank: s.fault && look.key === "up" ? 3 : RANK[look.key],
		place: `${service.name}/${s.name}`,
		service: service.name,
		services: [service.name],
		server: s.name,
		what: s.fault && look.key === "up" ? "FAULT" : look.word,
		why: whyOf(s, look),
		since: Date.parse(s.since),
	};
}

function serviceTrouble(v) {
	const trouble = (rank, key, what, why) => ({
		id: `${v.name}/`, key, rank, place: v.name, service: v.name, server: null, what, why,
		since: Date.parse(v.since),
	});

	if (!v.up)
		return trouble(0, "down", "NO SERVER USABLE", v.held
			? `${plural(v.held, "client")} held until one is` : "clients are turned away");
	if (v.panicking)
		return trouble(1, "down", "PANIC", "most servers are silent: all are used as if they were up");
	if (v.on_backup)
		return trouble(3, "nolb", "ON BACKUP", "no other server is usable");
	return null;
}

/* Whoever is known is served all the same. */
function discoveryTrouble(d) {
	return {
		id: "/", key: "nolb", rank: 4, place: "cluster.discover", service: null, server: null, what: "NODES",
		why: d.error, since: NaN,
	};
}

export function troublesOf(status) {
	const all = status.discovery?.error ? [discoveryTrouble(status.discovery)] : [];

	for (const v of status.services) {
		const own = serviceTrouble(v);

		if (own)
			all.push(own);
		for (const s of v.servers) {
			const trouble = serverTrouble(v, s);

			if (trouble)
				all.push(trouble);
		}
	}
	return gather(all).sort((a, b) => a.rank - b.rank || b.since - a.since);
}

function makeTrouble(t, hooks) {
	const parts = {
		badge: h("span", { class: "state" }),
		place: h(t.server ? "button" : "b", {
			class: "place", type: t.server ? "button" : null,
			onclick: t.server ? () => hooks.onServer(t.service, t.server) : null,
		}),
		why: h("span", { class: "why" }),
		since: h("time", { class: "since" }),
	};
	const li = h("li", { "data-service": t.service, "data-server": t.server }, parts.badge,
		parts.place, parts.why, parts.since);

	li.parts = parts;
	return li;
}

function updateTrouble(li, t, now) {
	mark(li, "class", `trouble ${t.key}`);
	mark(li, "data-state", t.key);
	say(li.parts.badge, `${GLYPHS[t.key]} ${t.what}`);
	say(li.parts.place, t.place);
	say(li.parts.why, t.why);
	say(li.parts.since, Number.isNaN(t.since) ? "" : `for ${age(now - t.since)}`);
	mark(li.parts.since, "title", Number.isNaN(t.since) ? null : `since ${date(t.since)}`);
}

/* --- tiles -------------------------------------------------------------------------------- */

function createTile(name, field, spark) {
	const value = h("dd", { class: "value", "data-field": field });
	const note = h("dd", { class: "note" });
	const picture = spark ? createSpark() : null;
	const el = h("div", { class: "tile" }, h("dt", { text: name }), value, note,
		picture && h("dd", { class: "picture" }, picture.el));

	return {
		el,
		show(words, below, key) {
			say(value, words);
			say(note, below);
			mark(el, "class", key ? `tile ${key}` : "tile");
		},
		picture,
	};
}

function sum(services, field) {
	return services.reduce((n, v) => n + (v[field] ?? 0), 0);
}

/* Clients that got no server, and sessions that ended for want of one. */
function errorsOf(services) {
	return sum(services, "connect_errors") + sum(services, "server_aborts") + sum(services, "cut");
}

/* [{ t, n }]: errors in the intervals of the history. */
function pastErrors(history) {
	const bins = [];

	for (const { failed, cut } of Object.values(history?.services ?? {}))
		for (let i = 0; i < history.points; i++) {
			const t = history.from + i * history.every_ms;

			bins[i] ??= { t, n: 0 };
			bins[i].n += (failed?.[i] ?? 0) + (cut?.[i] ?? 0);
		}
	return bins;
}

/*
 * How much a counter grew within the last minute.  What it was before the page came is told by
 * the history.
 */
function createGrowth(model) {
	let seen = [];

	function begin(value, now) {
		seen = [{ value, t: now }];
		for (const { t, n } of pastErrors(model.history).reverse()) {
			if (t <= now - MINUTE_MS)
				break;
			if (n)
				seen.unshift({ value: Math.max(0, seen[0].value - n), t });
		}
	}
	model.on("history", () => { seen = []; });
	return (value, now) => {
		if (!seen.length || value < seen[seen.length - 1].value)
			begin(value, now);
		seen.push({ value, t: now });
		while (seen.length > 1 && seen[1].t <= now - MINUTE_MS)
			seen.shift();
		return value - seen[0].value;
	};
}

/* "2 down, 1 drain" */
function kindsOf(servers) {
	const kinds = new Map();

	for (const s of servers.filter((each) => !each.usable)) {
		const { key } = state(s);

		kinds.set(key, (kinds.get(key) ?? 0) + 1);
	}
	const words = [...kinds].sort((a, b) => RANK[a[0]] - RANK[b[0]])
		.map(([key, n]) => `${n} ${key === "warming" ? "coming up" : key}`);

	return words.join(", ");
}

function createTiles(model) {
	const tiles = {
		services: createTile("Services", null),
		usable: createTile("Usable servers", null),
		sessions: createTile("Sessions", "sessions", true),
		rate: createTile("New per second", "session_rate"),
		out: createTile("Out per second", "bytes_out_rate"),
		errors: createTile("Errors", null),
	};
	const grown = createGrowth(model);
	const el = h("dl", { class: "tiles" }, Object.values(tiles).map((t) => t.el));

	function draw(s, now) {
		const servers = s.services.flatMap((v) => v.servers);
		const usable = servers.filter((each) => each.usable).length;
		const dead = s.services.filter((v) => !v.up).length;
		const held = sum(s.services, "held");
		const errors = errorsOf(s.services);
		const more = grown(errors, now);

		tiles.services.show(count(s.services.length), dead ? `${dead} without a usable server`
			: "all in service", dead ? "down" : null);
		tiles.usable.show(`${count(usable)} of ${count(servers.length)}`,
			kindsOf(servers) || "all of them", usable < servers.length ? (usable ? "nolb" : "down") : null);
		tiles.sessions.show(count(s.sessions), held ? `${count(held)} held, of ${count(s.maxconn)}`
			: `of ${count(s.maxconn)}`, held ? "nolb" : null);
		tiles.rate.show(rate(s.session_rate), `at most ${count(s.session_rate_max)}`);
		tiles.out.show(bytes(s.bytes_out_rate), `${bytes(s.bytes_out)} so far`);
		tiles.errors.show(count(errors), more ? `${count(more)} in the last minute`
			: "none in the last minute", more ? "down" : null);
		tiles.sessions.picture.draw(model.spark(), now);
	}
	return { el, draw };
}

/* --- the last events ---------------------------------------------------------------------- */

function makeEvent(e) {
	const words = wordsOf(e);
	const place = e.service ? `${e.service}${e.server ? `/${e.server}` : ""}` : "sluice";

	return h("li", { class: words.key }, h("time", { datetime: e.time, title: date(e.wall), text: clock(e.wall) }),
		h("b", { class: "place", title: place, text: place }),
		h("span", { class: "words", title: words.why }, words.what && h("span", { class: "what", text: words.what }),
			words.why));
}

/* --- all of it ---------------------------------------------------------------------------- */

function notesOf(s, now) {
	const notes = [];

	if (s.stopping)
		notes.push("sluice is stopping: it takes no new sessions");
	for (const p of s.predecessors ?? [])
		notes.push(`the process before (pid ${p.pid}) still has ${plural(p.sessions, "session")}, ` +
			`for ${age(now - Date.parse(p.since))}`);
	if (s.dropped_logs)
		notes.push(`${plural(s.dropped_logs, "log line")} lost`);
	return notes;
}

export function create(model, hooks) {
	const tiles = createTiles(model);
	const list = h("ul", { class: "troubles", "aria-label": "Troubles" });
	const calm = h("p", { class: "calm" });
	const more = h("button", { type: "button", class: "more", hidden: true, onclick: hooks.onTroubles });
	const notes = h("p", { class: "notes", hidden: true });
	const last = h("ol", { class: "lately" });
	const none = h("p", { class: "none", text: "Nothing has happened yet." });
	const el = h("section", { class: "overview", "data-view": "overview", "aria-label": "Overview" },
		h("div", { class: "now" }, calm, list, more, notes, tiles.el),
		h("div", { class: "recent" }, h("h2", {}, h("a", { href: "#events", text: "Last events" })), last, none));

	function drawTroubles(s, now) {
		const all = troublesOf(s);
		const shown = all.slice(0, SHOWN_MAX);

		keyed(list, shown, (t) => t.id, (t) => makeTrouble(t, hooks),
			(li, t) => updateTrouble(li, t, now));
		list.hidden = !shown.length;
		calm.hidden = shown.length > 0;
		more.hidden = all.length <= SHOWN_MAX;
		say(more, `and ${count(all.length - SHOWN_MAX)} more: show troubles only`);
		const servers = s.services.reduce((n, v) => n + v.servers.length, 0);

		say(calm, `${GLYPHS.up} All is well: ${plural(servers, "server")} of ` +
			`${plural(s.services.length, "service")} take sessions.` +
			(s.discovery?.from ? ` ${plural(s.discovery.known, "node")} told by ${s.discovery.from}.` : ""));
	}
	function draw() {
		const s = model.status;
		const now = model.now();

		if (!s)
			return;
		const words = notesOf(s, now);

		drawTroubles(s, now);
		tiles.draw(s, now);
		say(notes, words.join(". "));
		notes.hidden = !words.length;
		keyed(last, model.events.slice(-EVENTS_SHOWN).reverse(), (e) => `${e.seq} ${e.time}`, makeEvent, () => {});
		none.hidden = model.events.length > 0;
	}
	const ask = painter(el, draw);

	for (const kind of ["status", "sample", "event", "history"])
		model.on(kind, ask);
	ask();
	return el;
}
