/* SPDX-License-Identifier: MIT */
/*
 * A card for each service.
 *
 *   create(model) -> element; element.show({ words, troubles }) sets the filter, element.find(
 *   service, server) brings a row into view.
 */
import { h, painter, replace, say } from "./dom.js";
import { createMenu } from "./rowmenu.js";
import { createCard } from "./servicecard.js";
import { count, plural } from "./words.js";

/* Below it nobody needs to look for anything. */
const FILTER_FROM = 9;

async function openWhy(model, service, server) {
	const why = await import("./why.js");

	why.openWhy(model, service, server);
}

class Services {
	constructor(model) {
		this.model = model;
		this.cards = [];
		this.menu = createMenu(model);
		this.words = h("input", {
			type: "search", class: "filter", placeholder: "Filter servers", "aria-label": "Filter servers",
			autocomplete: "off", spellcheck: "false", oninput: () => this.filter(),
		});
		this.troubles = h("input", { type: "checkbox", onchange: () => this.filter() });
		this.found = h("span", { class: "soft", role: "status" });
		this.bar = h("div", { class: "filters", hidden: true }, this.words,
			h("label", {}, this.troubles, " Troubles only"), this.found);
		this.none = h("p", { class: "none", hidden: true, text: "No server fits." });
		this.list = h("div", { class: "cards" });
		this.el = h("div", { class: "services", "data-view": "services" }, this.bar, this.none, this.list, this.menu.el);
		this.ask = painter(this.el, () => this.draw());
		model.on("status", () => this.rebuild());
		for (const kind of ["sample", "history"])
			model.on(kind, this.ask);
		this.rebuild();
		this.el.show = (wanted) => this.show(wanted);
		this.el.find = (service, server) => this.find(service, server);
	}

	rebuild() {
		const { status } = this.model;

		if (!status)
			return;
		const hooks = {
			onWhy: (service, server) => openWhy(this.model, service, server),
			onMenu: (service, server, opener) => this.menu.toggle(service, server, opener),
			onPick: (name) => this.show({ words: name, troubles: false }),
		};

		this.menu.close();
		this.cards = status.services.map((service) => createCard(this.model, service, hooks));
		replace(this.list, this.cards.map((card) => card.el));
		this.bar.hidden = this.total() < FILTER_FROM;
		this.filter();
		this.ask();
	}

	total() {
		return this.cards.reduce((n, card) => n + card.rows.length, 0);
	}

	isFiltered() {
		return this.words.value.trim() !== "" || this.troubles.checked;
	}

	draw() {
		const now = this.model.now();

		for (const card of this.cards)
			card.draw(now);
		if (this.isFiltered())
			this.filter();
	}

	filter() {
		const words = this.words.value.toLowerCase().split(/\s+/).filter(Boolean);
		const shown = this.cards.reduce((n, card) => n + card.filter(words, this.troubles.checked), 0);

		this.none.hidden = !this.isFiltered() || shown > 0;
		say(this.found, this.isFiltered() ? `${count(shown)} of ${plural(this.total(), "server")}` : "");
	}

	show({ words, troubles }) {
		this.words.value = words ?? "";
		this.troubles.checked = Boolean(troubles);
		this.bar.hidden = this.total() < FILTER_FROM && !this.isFiltered();
		this.filter();
		this.el.scrollIntoView({ block: "start" });
	}

	find(service, server) {
		const card = this.cards.find((c) => c.service.name === service);
		const row = card?.rows.find((r) => r.server.name === server);

		if (!row)
			return;
		if (row.el.hidden)
			this.show({});
		row.el.scrollIntoView({ block: "center" });
		row.el.classList.add("changed");
		row.el.querySelector("[data-action=why]").focus({ preventScroll: true });
	}
}

export function create(model) {
	return new Services(model).el;
}
