/* SPDX-License-Identifier: MIT */
/*
 * The view "Sessions": who is connected to which server, refreshed while it can be seen.
 *
 *   create(model) -> element
 *
 * Of many sessions the first of the chosen order are drawn, and how many are not is said.  A list
 * that takes long to make and to read is asked for less often.
 */
import { confirmAct } from "./actions.js";
import { h, mark, painter, say } from "./dom.js";
import { keyed } from "./keyed.js";
import { getJSON } from "./link.js";
import { age, bytes, clock, count, plural, state } from "./words.js";

const EVERY_MS = 2000;
const SHARE = 10; /* at most a tenth of the time goes into the list */
const ROWS_MAX = 500;
const IDLE_MS = 1000;

const PHASES = [
	{ key: "wait", word: "waits for a server", is: (s) => s.server === null },
	{ key: "connect", word: "connects", is: (s) => s.connect_ms === null },
	{ key: "idle", word: "idle", is: (s) => s.idle_ms >= IDLE_MS },
	{ key: "busy", word: "busy", is: () => true },
];

function phaseOf(s) {
	return PHASES.find((p) => p.is(s));
}

/* key, head, what it is sorted by, downwards at first?, hint */
const COLUMNS = [
	{ key: "id", head: "Session", by: (s) => s.id, hint: "Its number, as `sluice kill` takes it" },
	{ key: "client", head: "Client", by: (s) => s.client, hint: "The client's address" },
	{ key: "service", head: "Service", by: (s) => s.service, hint: "The service it came to" },
	{ key: "server", head: "Server", by: (s) => s.server ?? "", hint: "The server it is on" },
	{ key: "state", head: "State", by: (s) => phaseOf(s).word,
		hint: "busy: bytes went through it in the last second" },
	{ key: "age", head: "Age", by: (s) => s.total_ms, down: true, number: true,
		hint: "How long ago it was accepted" },
	{ key: "idle", head: "Idle", by: (s) => s.idle_ms, down: true, number: true,
		hint: "How long ago the last byte went through it" },
	{ key: "in", head: "In", by: (s) => s.bytes_in, down: true, number: true,
		hint: "Bytes from the client" },
	{ key: "out", head: "Out", by: (s) => s.bytes_out, down: true, number: true,
		hint: "Bytes to the client" },
];

function compare(a, b) {
	return typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
}

function textOf(s) {
	return `${s.id} ${s.client} ${s.service}/${s.server ?? "-"} ${phaseOf(s).word}`.toLowerCase();
}

function makeRow(view) {
	const cell = (column) => h("td", { class: column.number ? `n ${column.key}` : column.key,
		"data-label": column.head });
	const kill = h("button", { type: "button", class: "danger", dataset: { action: "kill" } }, "Kill");
	const row = h("tr", {}, COLUMNS.map(cell), h("td", { class: "act" }, kill));

	kill.addEventListener("click", () => view.kill(row.session));
	row.cells[3].append(h("span"), " ", h("b"), h("span"));
	row.kill = kill;
	return row;
}

class Sessions {
	constructor(model) {
		this.model = model;
		this.list = null;
		this.order = COLUMNS.find((c) => c.key === "age");
		this.down = true;
		this.wait = EVERY_MS;
		this.paused = false;
		this.failed = null;
		this.make();
		this.ask = painter(this.el, () => this.draw());
		for (const kind of ["act", "status", "link"])
			model.on(kind, () => this.ask());
		this.schedule(0);
		this.ask();
	}

	make() {
		this.filter = h("input", { type: "search", placeholder: "filter: n1 10.0.0.7 idle",
			"aria-label": "Filter sessions: all words must be found", autocomplete: "off",
			spellcheck: "false", oninput: () => this.ask() });
		this.pause = h("button", { type: "button", dataset: { action: "pause" },
			"aria-pressed": "false", onclick: () => this.togglePause() }, "Pause");
		this.sum = h("p", { class: "sum" });
		this.note = h("p", { class: "note", hidden: true });
		this.heads = COLUMNS.map((c) => h("th", { scope: "col", class: c.number ? "n" : null },
			h("button", { type: "button", title: c.hint, dataset: { sort: c.key },
				onclick: () => this.sortBy(c) }, c.head, h("span", { "aria-hidden": "true" }))));
		this.body = h("tbody");
		this.sorter = h("select", { "aria-label": "Sort by", onchange: () =>
			this.sortBy(COLUMNS.find((c) => c.key === this.sorter.value)) },
		COLUMNS.map((c) => h("option", { value: c.key, text: `by ${c.head.toLowerCase()}` })));
		this.el = h("section", { class: "view sessions", "data-view": "sessions" },
			h("div", { class: "tools" }, this.filter, h("span", { class: "group sorter" }, this.sorter),
				h("span", { class: "group" }, this.pause), this.sum),
			this.note,
			h("table", {}, h("caption", { class: "unseen",
				text: "Sessions that are open now" }),
			h("thead", {}, h("tr", {}, this.heads, h("th", { scope: "col" },
				h("span", { class: "unseen", text: "End it" })))), this.body));
	}

	/* --- the list ------------------------------------------------------------------------- */

	schedule(ms) {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.refresh(), ms);
	}

	async refresh() {
		const begin = performance.now();

		if (!this.paused && this.el.offsetParent && !document.hidden && this.model.link !== "lost") {
			try {
				this.list = (await getJSON("/v1/sessions")).sessions;
				this.at = this.model.now();
				this.failed = null;
			} catch (error) {
				this.failed = error.message;
			}
			this.wait = Math.max(EVERY_MS, (performance.now() - begin) * SHARE);
			this.ask();
			this.schedule(this.wait);
		} else {
			/* It may be there again any moment. */
			this.schedule(250);
		}
	}

	togglePause() {
		this.paused = !this.paused;
		mark(this.pause, "aria-pressed", String(this.paused));
		say(this.pause, this.paused ? "Go on" : "Pause");
		if (!this.paused)
			this.schedule(0);
		this.ask();
	}

	sortBy(column) {
		this.down = this.order === column ? !this.down : column.down === true;
		this.order = column;
		this.ask();
	}

	chosen() {
		const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
		const { by } = this.order;
		const sign = this.down ? -1 : 1;
		const list = words.length
			? this.list.filter((s) => words.every((w) => textOf(s).includes(w))) : [...this.list];

		return list.sort((a, b) => sign * compare(by(a), by(b)) || a.id - b.id);
	}

	async kill(s) {
		const done = await confirmAct(this.model, { action: "kill", session: s });

		if (done)
			this.schedule(0);
	}

	/* --- drawing -------------------------------------------------------------------------- */

	updateServer(cell, s) {
		const [glyph, name, none] = cell.children;
		const server = s.server === null ? null : this.model.server(s.service, s.server);
		const look = server ? state(server) : null;

		mark(glyph, "class", `look ${look?.key ?? ""}`);
		mark(glyph, "title", look?.word);
		say(glyph, look?.glyph ?? "");
		say(name, s.server ?? "");
		say(none, s.server === null ? "none yet" : "");
	}

	updateRow(row, s) {
		const cells = row.cells;
		const act = this.model.act;
		const phase = phaseOf(s);

		row.session = s;
		say(cells[0], s.id);
		say(cells[1], s.client);
		say(cells[2], s.service);
		this.updateServer(cells[3], s);
		mark(cells[4], "class", `phase ${phase.key}`);
		say(cells[4], s.redispatched ? `${phase.word}, moved` : phase.word);
		say(cells[5], age(s.total_ms));
		mark(cells[5], "title", `since ${clock(Date.parse(s.time))}`);
		say(cells[6], age(s.idle_ms));
		say(cells[7], bytes(s.bytes_in));
		say(cells[8], bytes(s.bytes_out));
		row.kill.disabled = !act?.writable;
		mark(row.kill, "title", act?.writable ? `End session ${s.id}` : act?.why);
		mark(row.kill, "aria-label", `Kill session ${s.id} of ${s.client}`);
	}

	summary(list) {
		const all = this.list.length;
		const drawn = Math.min(list.length, ROWS_MAX);
		const found = list.length === all ? plural(all, "session")
			: `${count(list.length)} of ${plural(all, "session")}`;

		return drawn === list.length ? found
			: `${found}: ${count(drawn)} drawn, the first by "${this.order.head}"; ` +
				`${count(list.length - drawn)} not`;
	}

	noteWords() {
		const { act } = this.model;
		const notes = [];

		if (this.failed)
			notes.push(`The list could not be read: ${this.failed}.`);
		if (this.paused || (this.model.link === "lost" && this.at))
			notes.push(`${this.paused ? "Paused" : "Connection lost"}: this is how it was at ` +
				`${clock(this.at ?? this.model.now())}.`);
		else if (this.wait > EVERY_MS + 500)
			notes.push(`So many take long to list: refreshed every ${age(this.wait)}.`);
		if (act && !act.writable)
			notes.push(`Sessions can not be ended here: ${act.why}.`);
		return notes.join(" ");
	}

	drawHeads() {
		COLUMNS.forEach((c, i) => {
			const sorted = c === this.order;

			mark(this.heads[i], "aria-sort", sorted ? (this.down ? "descending" : "ascending") : null);
			say(this.heads[i].firstChild.lastChild, sorted ? (this.down ? " \u25be" : " \u25b4") : "");
		});
		this.sorter.value = this.order.key;
	}

	draw() {
		const words = this.noteWords();

		this.drawHeads();
		this.note.hidden = words === "";
		say(this.note, words);
		if (!this.list)
			return;
		const list = this.chosen();

		say(this.sum, list.length || !this.list.length ? this.summary(list)
			: `none of ${plural(this.list.length, "session")} has these words`);
		keyed(this.body, list.slice(0, ROWS_MAX), (s) => s.id, () => makeRow(this),
			(row, s) => this.updateRow(row, s));
	}
}

export function create(model) {
	return new Sessions(model).el;
}
