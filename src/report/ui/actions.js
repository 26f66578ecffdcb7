/* SPDX-License-Identifier: MIT */
/*
 * Doing something about a server.
 *
 *   menuFor(model, service, server) -> element with a button for each action; those that cannot be
 *     done now are disabled and say why not
 *   confirmAct(model, { action, service, server, session }) -> promise of true if it was done
 *
 * Names in, also for services and servers that are gone meanwhile.  Nothing is done without a
 * dialog that says what will happen; what came of it is announced.  A dialog comes up after the
 * click is over, so that a menu can close and have the focus back when the dialog is done.
 */
import { ACTIONS, formOf } from "./actforms.js";
import { announce, post, prepareAnnouncements } from "./actpost.js";
import { h, mark, replace, say } from "./dom.js";

/* --- the dialog --------------------------------------------------------------------------- */

/* The same node in other services, by its name. */
function othersOf(model, service, server) {
	if (!server)
		return [];
	return (model.status?.services ?? []).filter((v) => v.name !== service.name)
		.filter((v) => v.servers.some((s) => s.name === server.name)).map((v) => v.name);
}

class Confirm {
	constructor(model, what, done) {
		const service = model.service(what.service ?? what.session?.service);
		const server = what.server ? model.server(what.service, what.server) : undefined;

		this.model = model;
		this.what = what;
		this.done = done;
		this.others = what.session ? [] : othersOf(model, service, server);
		this.form = formOf({ ...what, service, server });
		this.make();
	}

	make() {
		const { form } = this;

		this.effects = h("ul", { class: "effects" });
		this.error = h("p", { class: "error", role: "alert", hidden: true });
		this.too = h("input", { type: "checkbox" });
		this.verb = h("button", { type: "submit", class: form.danger ? "danger" : "primary",
			dataset: { action: "confirm" }, autofocus: !form.danger && !form.parts.length }, form.verb);
		this.cancel = h("button", { type: "button", dataset: { action: "cancel" },
			autofocus: form.danger && !form.parts.length, onclick: () => this.dialog.close() }, "Cancel");
		this.dialog = h("dialog", { class: "act", "aria-labelledby": "act-title",
			onclose: () => this.close(false), onkeydown: (event) => event.stopPropagation() },
		h("form", { oninput: () => this.draw(), onsubmit: (event) => this.submit(event) },
			h("h2", { id: "act-title", text: form.title }), form.parts, this.scope(), this.effects,
			this.error, h("div", { class: "buttons" }, this.cancel, this.verb)));
	}

	scope() {
		const words = this.others.length === 1 ? this.others[0] : `${this.others.length} other services`;

		return this.others.length ? h("label", { class: "scope" }, this.too,
			` also ${this.what.server} in ${words}`) : null;
	}

	open() {
		document.body.append(this.dialog);
		this.dialog.showModal();
		this.leave = this.model.on("sample", () => this.draw());
		this.draw();
	}

	draw() {
		const effects = this.form.effects();
		const words = effects.map((e) => e.text).join("\n");

		say(this.verb, this.form.verbNow?.() ?? this.form.verb);
		if (words === this.drawn)
			return;
		this.drawn = words;
		replace(this.effects, effects.map((e) => h("li", { class: e.bad ? "bad" : null, text: e.text })));
	}

	targets() {
		if (this.what.session)
			return [{}];
		return [this.what.service, ...(this.too.checked ? this.others : [])]
			.map((service) => ({ server: `${service}/${this.what.server}` }));
	}

	async submit(event) {
		const said = [];

		event.preventDefault();
		if (this.busy)
			return;
		this.busy = true;
		this.error.hidden = true;
		try {
			for (const target of this.targets())
				said.push(await post(this.model,
					{ action: this.what.action, ...target, ...this.form.fields() }));
			this.close(true);
			announce(said.join("; "), true);
		} catch (error) {
			this.busy = false;
			this.error.hidden = false;
			this.error.textContent = [...said, error.message].join("; ");
		}
	}

	/* The dialog goes before its result is told: what is below it is not read out. */
	close(done) {
		if (this.closed)
			return;
		this.closed = true;
		this.leave();
		this.dialog.close();
		this.dialog.remove();
		this.done(done);
	}
}

export function confirmAct(model, what) {
	prepareAnnouncements();
	if (!what.session && !model.server(what.service, what.server)) {
		announce(`${what.service}/${what.server} is not there any more`, false);
		return Promise.resolve(false);
	}
	return new Promise((done) => { new Confirm(model, what, done).open(); });
}

/* --- the buttons -------------------------------------------------------------------------- */

let menus = 0;

class Menu {
	constructor(model, service, server) {
		this.model = model;
		this.service = service;
		this.server = server;
		this.id = `why-not-${++menus}`;
		this.reason = h("p", { class: "why-not", id: this.id, hidden: true });
		this.buttons = ACTIONS.map(({ action, word }) => h("button", { type: "button",
			dataset: { action }, class: action === "kill" || action === "fault" ? "danger" : null,
			onclick: () => setTimeout(confirmAct, 0, model, { action, service, server }) },
		`${word}\u2026`));
		this.el = h("div", { class: "actions", role: "group", "aria-label":
			`Actions on ${service}/${server}`, dataset: { service, server } },
		this.buttons, this.reason);
		this.leave = ["act", "sample", "status"].map((kind) => model.on(kind, () => this.draw()));
		this.draw();
	}

	/* Menus come and go with what they are in, and nobody tells them. */
	isGone() {
		this.shown ||= this.el.isConnected;
		return this.shown && !this.el.isConnected;
	}

	draw() {
		const server = this.model.server(this.service, this.server);
		const { act } = this.model;
		const never = !act ? "Asking what may be done here\u2026"
			: act.writable ? null : `Nothing can be changed here: ${act.why}.`;

		if (this.isGone()) {
			for (const leave of this.leave)
				leave();
			return;
		}
		ACTIONS.forEach(({ hint, whyNot }, i) => {
			const why = never ?? (server ? whyNot(server) : "it is not there any more");

			this.buttons[i].disabled = why !== null;
			mark(this.buttons[i], "title", why === null ? hint : never ? never : `${hint}. Not now: ${why}`);
			mark(this.buttons[i], "aria-describedby", never ? this.id : null);
		});
		this.reason.hidden = !never;
		say(this.reason, never ?? "");
	}
}

export function menuFor(model, service, server) {
	prepareAnnouncements();
	return new Menu(model, service, server).el;
}
