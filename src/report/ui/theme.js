/* SPDX-License-Identifier: MIT */
/* Not a module: the colours that somebody chose are there before anything is drawn. */
(function () {
	let theme = null;

	try {
		theme = localStorage.getItem("sluice-theme");
	} catch {
		/* A browser that keeps nothing has the colours of its system. */
	}
	if (theme === "light" || theme === "dark")
		document.documentElement.dataset.theme = theme;
})();
