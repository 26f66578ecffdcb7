/* SPDX-License-Identifier: MIT */
/*
 * A service: its numbers and a table of its servers.
 *
 *   createCard(model, service, hooks) -> { el, draw(now), filter(words, troublesOnly) -> shown }
 *   hooks: onWhy, onMenu (serverrow.js), onPick(name)
 *
 * Only rows that can be seen are drawn; of the others the state is known, no more.
 */
import { h, mark, say } from "./dom.js";
import { COLUMNS, createRow } from "./serverrow.js";
import { createStrip } from "./strip.js";
import { createTiers } from "./tiers.js";
import { bytes, count, GLYPHS, rate } from "./words.js";

/* From here on rows are one line high, and a strip shows all of them. */
const MANY = 24;
const SORT_MS = 5000;

/* --- head --------------------------------------------------------------------------------- */

function badgeOf(v) {
	const usable = v.usable + v.backup_usable;
	const all = v.servers.length;

	if (!v.up)
		return { key: "down", words: `${GLYPHS.down} NO SERVER USABLE` };
	if (v.panicking)
		return { key: "down", words: `${GLYPHS.down} PANIC: all are used` };
	if (v.on_backup)
		return { key: "nolb", words: `${GLYPHS.nolb} ON BACKUP, ${usable} of ${all} usable` };
	return usable < all ? { key: "nolb", words: `${GLYPHS.nolb} ${usable} of ${all} usable` }
		: { key: "up", words: `${GLYPHS.up} ${usable} of ${all} usable` };
}

/* name, field of /v1/status, words of it, and whether it may be left out when it is 0 */
const FACTS = [
	["Sessions", "sessions", (v) => `${count(v.sessions)}${v.sessions_limit ? ` of ${count(v.sessions_limit)}` : ""}`],
	["New", "rate", (v) => `${rate(v.rate)}/s`],
	["Held", "held", (v) => count(v.held), "nolb", "Clients that wait because no server is usable"],
	["Held so far", "held_total", (v) => `${count(v.held_total)}, at most ${count(v.held_max)}`, "", "Clients that had to wait"],
	["Not connected", "connect_errors", (v) => count(v.connect_errors), "down", "Clients that got no server"],
	["Denied", "denied", (v) => count(v.denied), "nolb", "Clients whose address is not allowed, or that came too fast"],
	["Cut", "cut", (v) => count(v.cut), "down", "Sessions that sluice closed"],
	["Out", "bytes_out", (v) => bytes(v.bytes_out)],
];

function createFact([name, field, words, key, title]) {
	const value = h("dd", { "data-field": field });
	const el = h("div", { class: key || null, title }, h("dt", { text: name }), value);

	return {
		el,
		draw(v) {
			el.hidden = key !== undefined && !v[field];
			say(value, words(v));
		},
	};
}

function createHead(service) {
	const badge = h("span", { class: "badge" });
	const facts = FACTS.map(createFact);
	const binds = h("span", { class: "binds", text: service.bind.join(", ") });
	const el = h("div", { class: "top" }, h("h2", { id: `service-${service.id}`, text: service.name }), badge,
		h("span", { class: "soft" }, binds, ` ${service.balance}`),
		h("dl", { class: "facts" }, facts.map((f) => f.el)));

	return {
		el,
		draw() {
			const look = badgeOf(service);

			mark(badge, "class", `badge ${look.key}`);
			say(badge, look.words);
			for (const fact of facts)
				fact.draw(service);
		},
	};
}

/* --- order -------------------------------------------------------------------------------- */

function compare(a, b) {
	if (typeof a === "string")
		return a.localeCompare(b, undefined, { numeric: true });
	return a - b;
}

/* Buttons in the heads of columns: once, the other way round, as configured. */
function createHeads(onSort) {
	const heads = COLUMNS.map((column) => {
		const attrs = { scope: "col", class: `c-${column.key}${column.number ? " n" : ""}`, title: column.title || null };

		if (!column.sort)
			return h("th", attrs, h("span", { class: "unseen", text: "Actions" }));
		return h("th", attrs, h("button", { type: "button", class: "sort", onclick: () => onSort(column) }, column.name));
	});

	return {
		el: h("thead", {}, h("tr", {}, heads)),
		show(order) {
			COLUMNS.forEach((column, i) => mark(heads[i], "aria-sort", order?.column !== column ? null
				: order.up ? "ascending" : "descending"));
		},
	};
}

/* --- the card ----------------------------------------------------------------------------- */

class Card {
	constructor(model, service, hooks) {
		const many = service.servers.length > MANY;

		this.model = model;
		this.service = service;
		this.rows = service.servers.map((s) => createRow(service, s, hooks));
		this.head = createHead(service);
		this.tiers = createTiers(service);
		this.heads = createHeads((column) => this.sortBy(column));
		this.strip = many ? createStrip(hooks.onPick) : null;
		this.body = h("tbody", {}, this.rows.map((row) => row.el));
		this.el = h("section", {
			class: many ? "card many" : "card", "data-service": service.name,
			"aria-labelledby": `service-${service.id}`,
		}, this.head.el, this.tiers.el, this.strip?.el, h("table", {}, this.heads.el, this.body));
		this.seen = new Set();
		this.watch();
		this.body.addEventListener("keydown", (e) => this.onKey(e));
	}

	watch() {
		const of = new Map(this.rows.map((row) => [row.el, row]));
		const observer = new IntersectionObserver((entries) => {
			const now = this.model.now();

			for (const entry of entries) {
				const row = of.get(entry.target);

				if (!entry.isIntersecting) {
					this.seen.delete(row);
					continue;
				}
				this.seen.add(row);
				this.drawRow(row, now);
			}
		}, { rootMargin: "300px" });

		for (const row of this.rows) {
			row.note();
			observer.observe(row.el);
		}
	}

	drawRow(row, now) {
		row.draw(this.model.spark(this.service.name, row.server.name), now);
	}

	draw(now) {
		this.head.draw();
		this.tiers.draw();
		for (const row of this.rows)
			if (this.seen.has(row))
				this.drawRow(row, now);
			else
				row.note();
		this.strip?.draw(this.rows);
		if (this.order && now - this.order.at > SORT_MS)
			this.sort(now);
	}

	sortBy(column) {
		if (this.order?.column !== column)
			this.order = { column, up: true };
		else
			this.order = this.order.up ? { column, up: false } : null;
		this.heads.show(this.order);
		this.sort(this.model.now());
	}

	/* A row that has the focus keeps it: only what stands elsewhere is moved. */
	sort(now) {
		const sorted = [...this.rows];

		if (this.order) {
			const { column, up } = this.order;
			const sign = up ? 1 : -1;

			this.order.at = now;
			sorted.sort((a, b) => sign * compare(column.sort(a.server), column.sort(b.server)));
		}
		const focus = document.activeElement;
		let at = this.body.firstChild;

		for (const { el } of sorted)
			if (el === at)
				at = at.nextSibling;
			else
				this.body.insertBefore(el, at);
		if (focus !== document.activeElement && this.body.contains(focus))
			focus.focus({ preventScroll: true });
	}

	/* How many rows are left. */
	filter(words, troublesOnly) {
		let shown = 0;

		for (const row of this.rows) {
			const fits = row.matches(words) && (!troublesOnly || !row.server.usable ||
				row.look.key !== "up" || Boolean(row.server.fault));

			row.el.hidden = !fits;
			shown += fits ? 1 : 0;
		}
		this.el.hidden = !shown && (words.length > 0 || troublesOnly);
		return shown;
	}

	/* Up and down go to the same button of the next row. */
	onKey(e) {
		const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[e.key];
		const action = e.target.dataset?.action;
		let row = e.target.closest("tr");

		if (!step || !action)
			return;
		do
			row = row[step];
		while (row?.hidden);
		if (!row)
			return;
		e.preventDefault();
		row.querySelector(`[data-action="${action}"]`).focus();
	}
}

export function createCard(model, service, hooks) {
	return new Card(model, service, hooks);
}
