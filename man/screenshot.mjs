// SPDX-License-Identifier: MIT
// man/dashboard.png and man/timeline.png: see screenshot.sh.

import { openBrowser, openLive, row, showView } from "../tests/browser/page.mjs";
import { Demo } from "../tests/browser/process.mjs";

const HISTORY_MS = 75000; // that sparklines and the timeline have something to show

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function shown(page, server, state) {
  await row(page, "psql", server).and(page.locator(`[data-state="${state}"]`)).waitFor();
}

async function shoot(browser, url, name, options, view) {
  const page = await openLive(browser, url, options);

  await showView(page, view);
  await pause(2500);
  await page.screenshot({ path: `man/${name}.png` });
  console.log(`man/${name}.png`);
  await page.context().close();
}

const demo = await Demo.start();
const browser = await openBrowser();

try {
  const page = await openLive(browser, demo.url);

  await pause(HISTORY_MS / 3);
  await demo.say("drain 3", /node n3: /);
  await pause(HISTORY_MS / 6);
  await demo.say("reset 3", /node n3: /);
  await shown(page, "n3", "up");
  await pause(HISTORY_MS / 3);
  await demo.say("kill 1", /node n1: /);
  await shown(page, "n1", "down");
  await pause(HISTORY_MS / 6);
  await demo.say("2 drain 60s", /node n2: /);
  await shown(page, "n2", "nolb");
  const size = { deviceScaleFactor: 1.5 };

  await shoot(browser, demo.url, "dashboard",
    { ...size, viewport: { width: 1280, height: 800 }, colorScheme: "light" }, "services");
  await shoot(browser, demo.url, "timeline",
    { ...size, viewport: { width: 1280, height: 700 }, colorScheme: "dark" }, "timeline");
} finally {
  await browser.close();
  await demo.end();
}
