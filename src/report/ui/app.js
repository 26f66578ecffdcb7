/* SPDX-License-Identifier: MIT */
/*
 * The live dashboard, in the place of the plain page: views by the hash of the address, the state
 * of the connection, colours, keys and help.
 */
import { h, mark, replace, say } from "./dom.js";
import { openHelp } from "./help.js";
import { createModel } from "./model.js";
import { create as createOverview } from "./overview.js";
import { create as createServices } from "./services.js";
import { age, clock, count } from "./words.js";

const STALE_MS = 4000;
const THEMES = { auto: "\u25d0", light: "\u2600", dark: "\u263e" };

const model = createModel();

/* --- views -------------------------------------------------------------------------------- */

function createBoard() {
	const services = createServices(model);
	const overview = createOverview(model, {
		onTroubles: () => services.show({ troubles: true }),
		onServer: (service, server) => services.find(service, server),
	});
	return h("div", { class: "board" }, overview, services);
}

const VIEWS = {
	services: { name: "Services", load: async () => createBoard() },
	timeline: { name: "Timeline", load: async () => (await import("./timeline.js")).create(model) },
	sessions: { name: "Sessions", load: async () => (await import("./sessions.js")).create(model) },
	events: { name: "Events", load: async () => (await import("./eventlist.js")).create(model) },
};

const main = h("main", { id: "view", tabindex: "-1" });

function wanted() {
	const id = location.hash.slice(1).split("/")[0];

	return Object.hasOwn(VIEWS, id) ? id : "services";
}

/* A view is made when it is first asked for, and kept. */
async function show() {
	const id = wanted();
	const view = VIEWS[id];

	for (const link of nav.children)
		mark(link, "aria-current", link.hash === `#${id}` ? "page" : null);
	try {
		view.made ??= view.load();
		view.el = await view.made;
	} catch (error) {
		view.made = null;
		view.el = h("p", { class: "none", text: `This view could not be loaded: ${error.message}` });
	}
	if (wanted() === id && main.firstChild !== view.el)
		replace(main, view.el);
}

/* --- head --------------------------------------------------------------------------------- */

const nav = h("nav", { "aria-label": "Views" },
	Object.entries(VIEWS).map(([id, view]) => h("a", { href: `#${id}`, text: view.name })));
const place = h("small");
const link = h("span", { class: "link", "data-link": "connecting" });
const linkWords = h("b", { role: "status" });
const linkSince = h("span", { "aria-hidden": "true" });
const theme = h("button", { type: "button", class: "quiet", "data-action": "theme", onclick: nextTheme });
const help = h("button", {
	type: "button", class: "quiet", "data-action": "help", title: "Help and keys (?)", "aria-label": "Help and keys",
	onclick: () => openHelp(),
}, "?");
const header = h("header", { class: "bar" }, h("h1", {}, "sluice ", place), nav,
	h("div", { class: "tools" }, replace(link, linkWords, linkSince), theme, help));

function storedTheme() {
	const { theme: chosen } = document.documentElement.dataset;

	return Object.hasOwn(THEMES, chosen ?? "") ? chosen : "auto";
}

function drawTheme() {
	const chosen = storedTheme();

	say(theme, THEMES[chosen]);
	mark(theme, "title", `Colours: ${chosen} (t)`);
	mark(theme, "aria-label", `Colours: ${chosen}`);
}

function nextTheme() {
	const names = Object.keys(THEMES);
	const chosen = names[(names.indexOf(storedTheme()) + 1) % names.length];

	if (chosen === "auto")
		delete document.documentElement.dataset.theme;
	else
		document.documentElement.dataset.theme = chosen;
	try {
		localStorage.setItem("sluice-theme", chosen);
	} catch {
		/* It lasts as long as the page, then. */
	}
	drawTheme();
}

/* What is shown is old: it looks so, and says since when. */
function drawLink() {
	const lost = model.link === "lost";
	const ms = performance.now() - model.linkSince;
	const words = { connecting: "\u25cc connecting", live: "\u25cf live", lost: "\u2716 lost" }[model.link];

	mark(link, "data-link", model.link);
	say(linkWords, words);
	say(linkSince, lost ? `, reconnecting since ${age(ms)}` : "");
	mark(link, "title", model.status ? `as of ${clock(model.asOf())}` : null);
	document.documentElement.classList.toggle("stale", lost && ms > STALE_MS && model.status !== null);
}

function iconOf(bad) {
	const shape = bad ? "<rect width='16' height='16' rx='3' fill='%23c22f0e'/><path d='M4 4l8 8m0-8l-8 8' stroke='white' stroke-width='2.4'/>"
		: "<circle cx='8' cy='8' r='7' fill='%23009e73'/>";

	return `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>${shape}</svg>`;
}

/* A tab in the background says how many servers take no sessions. */
function drawTitle() {
	const { status } = model;

	if (!status)
		return;
	const out = status.services.reduce((n, v) => n + v.servers.filter((s) => !s.usable).length, 0);
	const where = status.node ? ` on ${status.node}` : "";
	const title = `${out ? `(${count(out)}) ` : ""}sluice${where}`;

	if (document.title !== title)
		document.title = title;
	mark(document.querySelector("link[rel=icon]"), "href", iconOf(out > 0));
	say(place, `${status.version}${where}`);
	mark(place, "title", `pid ${status.pid}, up ${age(1000 * status.uptime_s)}, ${count(status.threads)} threads`);
}

/* --- keys --------------------------------------------------------------------------------- */

const KEYS = {
	1: () => { location.hash = "services"; },
	2: () => { location.hash = "timeline"; },
	3: () => { location.hash = "sessions"; },
	4: () => { location.hash = "events"; },
	t: nextTheme,
	"?": () => openHelp(),
	"/": () => {
		const view = VIEWS[wanted()].el;
		const field = view?.querySelector("input[type=search]");

		field?.focus();
		field?.select();
	},
};

function onKey(e) {
	const field = e.target.closest?.("input, textarea, select, [contenteditable]");

	if (e.key === "Escape" && field?.type === "search") {
		field.value = "";
		field.dispatchEvent(new Event("input"));
		field.blur();
	}
	if (field || e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]"))
		return;
	if (!Object.hasOwn(KEYS, e.key))
		return;
	e.preventDefault();
	KEYS[e.key]();
}

/* --- start -------------------------------------------------------------------------------- */

/* The plain page stays until there is something to put in its place. */
function begin() {
	document.querySelector("header").replaceWith(header);
	document.querySelector("main").replaceWith(main);
	document.documentElement.classList.add("live");
	drawTheme();
	show();
	addEventListener("hashchange", show);
	addEventListener("keydown", onKey);
}

const stop = model.on("status", () => {
	stop();
	begin();
});

for (const kind of ["status", "sample"])
	model.on(kind, drawTitle);
model.on("link", drawLink);
setInterval(drawLink, 1000);
drawLink();
