/* SPDX-License-Identifier: MIT */
/*
 * Elements without innerHTML: what a server, a check or a journal says is text, never markup.
 *
 *   h("td", { class: "n", "data-field": "rate", onclick: f }, "12", null, node)
 *
 * attrs: class, text (the only child), dataset (an object), on<event> (functions), and any other
 * attribute; null, undefined and false leave one out, true makes it empty.  children: nodes,
 * strings, numbers, arrays of these; null, undefined and false are skipped.
 */
const SVG = "http://www.w3.org/2000/svg";

function set(el, name, value) {
	if (value === null || value === undefined || value === false)
		return;
	if (name === "text")
		el.textContent = value;
	else if (name === "dataset")
		Object.assign(el.dataset, value);
	else if (name.startsWith("on"))
		el.addEventListener(name.slice(2), value);
	else if (name === "value")
		el.value = value;
	else
		el.setAttribute(name, value === true ? "" : String(value));
}

function add(el, children) {
	for (const child of children) {
		if (child === null || child === undefined || child === false)
			continue;
		if (Array.isArray(child))
			add(el, child);
		else
			el.append(child);
	}
}

function make(el, attrs, children) {
	for (const name of Object.keys(attrs ?? {}))
		set(el, name, attrs[name]);
	add(el, children);
	return el;
}

export function h(tag, attrs, ...children) {
	return make(document.createElement(tag), attrs, children);
}

export function svg(tag, attrs, ...children) {
	return make(document.createElementNS(SVG, tag), attrs, children);
}

/* The children of `el` are these from now on. */
export function replace(el, ...children) {
	el.replaceChildren();
	add(el, children);
	return el;
}

/* Text and attributes that are the same already cost the browser nothing. */
export function say(el, text) {
	const words = String(text);

	if (el.lastText !== words) {
		el.lastText = words;
		el.textContent = words;
	}
}

export function mark(el, name, value) {
	const words = value === null || value === undefined || value === false ? null : String(value);

	if (el.getAttribute(name) === words)
		return;
	if (words === null)
		el.removeAttribute(name);
	else
		el.setAttribute(name, words);
}

/*
 * Calls `draw` at most once a frame, and only while `el` can be seen: what was asked for
 * meanwhile is drawn once it is there again.  Returns the function that asks.
 */
export function painter(el, draw) {
	let asked = false;
	let seen = false;

	function paint() {
		if (!seen)
			return;
		asked = false;
		draw();
	}
	function ask() {
		if (!asked && seen)
			requestAnimationFrame(paint);
		asked = true;
	}
	new IntersectionObserver((entries) => {
		seen = entries[entries.length - 1].isIntersecting;
		if (seen && asked)
			requestAnimationFrame(paint);
	}).observe(el);
	return ask;
}
