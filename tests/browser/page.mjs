// SPDX-License-Identifier: MIT
// Debian's Chromium, driven by playwright-core from BUILD/browser (install.sh), and what any page
// has to keep: no error, no other host, nothing that the Content-Security-Policy forbids.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

import { BUILD, PATIENCE_MS } from "./process.mjs";

const require = createRequire(path.join(BUILD, "browser", "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const ARTEFACTS = path.join(BUILD, "browser-artefacts");
export const THEMES = ["light", "dark"];
export const VIEWS = ["services", "timeline", "sessions", "events"];

export function openBrowser() {
  return chromium.launch({
    executablePath: process.env.SLUICE_CHROMIUM ?? "/usr/bin/chromium",
    // Root has no sandbox; /dev/shm is small in containers.
    args: ["--disable-dev-shm-usage", "--disable-gpu",
      ...(process.getuid() === 0 ? ["--no-sandbox"] : [])],
  });
}

// A page that is watched.  Options are those of playwright's newContext().
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const faults = [];

  page.setDefaultTimeout(PATIENCE_MS);
  context.on("request", (request) => {
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith("data:"))
      faults.push(`asked ${request.url()}`);
  });
  page.on("pageerror", (error) => faults.push(`threw ${error.stack ?? error}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      faults.push(`said ${message.text()} (${message.location().url})`);
  });
  await page.exposeFunction("sluiceViolated", (what) => faults.push(`violated ${what}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (e) =>
      window.sluiceViolated(`${e.violatedDirective}: ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
  });
  page.faults = faults;
  page.origin = url;
  return page;
}

// Nothing was wrong but what `but` matches.
export function assertQuiet(page, but = /^$/) {
  assert.deepEqual(page.faults.filter((f) => !but.test(f)), []);
}

// The page with its events, live.
export async function openLive(browser, url, options = {}) {
  const page = await openPage(browser, url, options);

  await page.goto(`${url}/`);
  await page.locator("[data-server][data-state]").first().waitFor();
  await page.locator('[data-link="live"]').first().waitFor();
  return page;
}

export async function showView(page, view) {
  await page.evaluate((name) => (location.hash = name), view);
  await page.locator(`[data-view="${view}"]`).first().waitFor();
}

export function row(page, service, server) {
  return page.locator(
    `[data-view="services"] [data-service="${service}"][data-server="${server}"]`).first();
}

// How many milliseconds after act() has returned a visible row has that state.
export async function delayOf(page, service, server, state, act) {
  await page.evaluate(([selector, wanted]) => {
    window.sluiceSeen = new Promise((resolve) => {
      const look = () => {
        for (const found of document.querySelectorAll(selector))
          if (found.dataset.state === wanted && found.checkVisibility()) {
            observer.disconnect();
            resolve(Date.now());
            return;
          }
      };
      const observer = new MutationObserver(look);

      observer.observe(document.body, { subtree: true, childList: true, attributes: true });
      look();
    });
  }, [`[data-service="${service}"][data-server="${server}"]`, state]);
  await act();
  const done = Date.now();
  const seen = await page.waitForFunction(() => window.sluiceSeen);
  return (await seen.jsonValue()) - done;
}

// What axe-core finds that is serious, as text.
export async function audit(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, {
    resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  return found.violations.filter((v) => v.impact === "serious" || v.impact === "critical")
    .map((v) => `${v.id}: ${v.help}\n` +
      v.nodes.slice(0, 5).map((n) => `  ${n.target}: ${n.html}\n  ${n.failureSummary}`).join("\n"));
}

export async function shoot(page, name, options = {}) {
  mkdirSync(ARTEFACTS, { recursive: true });
  await page.screenshot({ path: path.join(ARTEFACTS, `${name}.png`), ...options });
}
