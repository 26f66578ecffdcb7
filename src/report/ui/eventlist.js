/* SPDX-License-Identifier: MIT */
/*
 * The journal, newest first, by server and by kind.
 *
 *   create(model) -> element
 */
import { h, painter, say } from "./dom.js";
import { keyed } from "./keyed.js";
import { clock, count, date, event as wordsOf, GLYPHS, plural } from "./words.js";

const PAGE = 200;
const KINDS = {
	all: { name: "Everything", has: () => true },
	states: { name: "States of servers", has: (e) => e.kind === "server" },
	checks: { name: "Checks", has: (e) => e.kind === "check" },
	services: { name: "Services", has: (e) => e.kind.startsWith("service_") || e.kind === "panic" },
	notes: { name: "Faults, drills and notes", has: (e) => e.kind === "fault" || e.kind === "mark" },
	process: { name: "sluice itself", has: (e) => e.kind === "process" },
};

function placeOf(e) {
	return e.service ? `${e.service}${e.server ? `/${e.server}` : ""}` : "sluice";
}

function dayOf(ms) {
	return date(ms).slice(0, 10);
}

/* Events with a heading before the first of each day but today. */
function withDays(events, today) {
	const items = [];
	let day = today;

	for (const e of events) {
		const own = dayOf(e.wall);

		if (own !== day)
			items.push({ day: own });
		day = own;
		items.push({ e });
	}
	return items;
}

class EventList {
	constructor(model) {
		this.model = model;
		this.limit = PAGE;
		this.words = h("input", {
			type: "search", class: "filter", placeholder: "Filter by server or words",
			"aria-label": "Filter events", autocomplete: "off", spellcheck: "false", oninput: () => this.refilter(),
		});
		this.kind = h("select", { "aria-label": "Kind of events", onchange: () => this.refilter() },
			Object.entries(KINDS).map(([value, kind]) => h("option", { value, text: kind.name })));
		this.found = h("span", { class: "soft", role: "status" });
		this.list = h("ol", { class: "events" });
		this.none = h("p", { class: "none", hidden: true });
		this.older = h("button", {
			type: "button", class: "more", hidden: true,
			onclick: () => { this.limit += PAGE; this.ask(); },
		}, "Show older ones");
		this.el = h("section", { class: "card", "data-view": "events", "aria-label": "Events" },
			h("div", { class: "top" }, h("h2", { text: "Events" }), this.words, this.kind, this.found),
			this.list, this.none, this.older);
		this.ask = painter(this.el, () => this.draw());
		for (const kind of ["status", "event"])
			model.on(kind, this.ask);
		this.ask();
	}

	refilter() {
		this.limit = PAGE;
		this.ask();
	}

	pick(words) {
		this.words.value = words;
		this.refilter();
	}

	chosen() {
		const words = this.words.value.toLowerCase().split(/\s+/).filter(Boolean);
		const { has } = KINDS[this.kind.value];

		return this.model.events.filter((e) => {
			if (!has(e))
				return false;
			if (!words.length)
				return true;
			const { what, why } = wordsOf(e);
			const text = `${placeOf(e)} ${what} ${why}`.toLowerCase();

			return words.every((word) => text.includes(word));
		});
	}

	make({ day, e }) {
		if (day)
			return h("li", { class: "day", text: day });
		const { key, what, why } = wordsOf(e);
		const place = placeOf(e);

		return h("li", { class: key, "data-service": e.service, "data-server": e.server, "data-kind": e.kind },
			h("time", { datetime: e.time, title: date(e.wall), text: clock(e.wall) }),
			e.service ? h("button", { type: "button", class: "place", title: `Only ${place}`,
				onclick: () => this.pick(place), text: place }) : h("span", { class: "place", text: place }),
			h("span", { class: "what", text: what ? `${GLYPHS[key]} ${what}` : "" }),
			h("span", { class: "why", text: why }));
	}

	draw() {
		const chosen = this.chosen();
		const shown = chosen.slice(-this.limit).reverse();
		const all = this.model.events.length;

		keyed(this.list, withDays(shown, dayOf(this.model.now())), ({ day, e }) => day ?? `${e.seq} ${e.time}`,
			(item) => this.make(item), () => {});
		this.older.hidden = chosen.length <= this.limit;
		this.none.hidden = chosen.length > 0;
		say(this.none, all ? "No event fits." : "Nothing has happened yet.");
		say(this.found, chosen.length === all ? plural(all, "event") : `${count(chosen.length)} of ${plural(all, "event")}`);
	}
}

export function create(model) {
	return new EventList(model).el;
}
