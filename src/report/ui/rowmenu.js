/* SPDX-License-Identifier: MIT */
/*
 * The menu of a row: what actions.js offers for its server, beside the button that asked.  One
 * for all rows.
 *
 *   const menu = createMenu(model); menu.el; menu.toggle(service, server, opener); menu.close()
 */
import { h, replace } from "./dom.js";

const GAP = 4;

function place(el, opener) {
	const box = opener.getBoundingClientRect();
	const own = el.getBoundingClientRect();
	const below = box.bottom + GAP;
	const fits = below + own.height <= document.documentElement.clientHeight - GAP;

	el.style.left = `${Math.max(GAP, box.right - own.width)}px`;
	el.style.top = `${fits ? below : Math.max(GAP, box.top - GAP - own.height)}px`;
}

export function createMenu(model) {
	const el = h("div", { class: "rowmenu", hidden: true });
	let opener = null;

	function close(back) {
		if (!opener)
			return;
		el.hidden = true;
		replace(el);
		opener.setAttribute("aria-expanded", "false");
		if (back)
			opener.focus({ preventScroll: true });
		opener = null;
	}

	async function open(service, server, button) {
		const actions = await import("./actions.js");

		close();
		opener = button;
		replace(el, h("p", { class: "soft", text: `${service}/${server}` }), actions.menuFor(model, service, server));
		el.hidden = false;
		button.setAttribute("aria-expanded", "true");
		place(el, button);
		(el.querySelector("button:not([disabled])") ?? button).focus({ preventScroll: true });
	}

	el.addEventListener("keydown", (e) => {
		if (e.key !== "Escape")
			return;
		e.stopPropagation();
		close(true);
	});
	el.addEventListener("click", (e) => {
		if (e.target.closest("button:not([disabled])"))
			close(true);
	});
	document.addEventListener("pointerdown", (e) => {
		if (opener && !el.contains(e.target) && !opener.contains(e.target))
			close();
	});
	document.addEventListener("focusin", (e) => {
		if (opener && !el.contains(e.target) && e.target !== opener)
			close();
	});
	addEventListener("scroll", () => close(), { passive: true });

	return {
		el,
		close,
		toggle(service, server, button) {
			if (opener === button)
				close(true);
			else
				open(service, server, button);
		},
	};
}
