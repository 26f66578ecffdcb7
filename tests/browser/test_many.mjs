// SPDX-License-Identifier: MIT
// 300 servers: all of them are there, what changes is seen, what is looked for is found.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertQuiet, openLive, row, shoot, showView, THEMES } from "./page.mjs";
import { waitFor } from "./process.mjs";
import { clusterScene } from "./scene.mjs";

const SERVICES = ["psql", "dbconsole", "app", "batch", "reports"];
const NODES = 60;
const ALL = NODES * SERVICES.length;
const s = clusterScene({ count: NODES, services: SERVICES, inter: "2s" });
const rows = '[data-view="services"] tr[data-server]';

test("all are shown, and a change of one node is", async () => {
  const page = await openLive(s.browser, s.sluice.url);

  await waitFor(async () => (await page.locator(`${rows}[data-state="up"]`).count()) === ALL,
    "all servers to be up");
  assert.equal(await page.locator(rows).count(), ALL);
  await page.locator('[data-view="overview"]', { hasText: "300 of 300" }).waitFor();
  await s.nodes.command(57, "kill");
  for (const service of SERVICES)
    await row(page, service, "n57").and(page.locator('[data-state="down"]'))
      .waitFor({ state: "attached" });
  await page.locator('[data-view="overview"]', { hasText: "295 of 300" }).waitFor();
  await page.waitForFunction(() => document.title.startsWith("(5)"));
  assertQuiet(page);
  await page.context().close();
});

test("a name and the troubles are found", async () => {
  const page = await openLive(s.browser, s.sluice.url);
  const visible = () => page.locator(`${rows}:visible`).count();
  const filter = page.locator('[data-view="services"] input[type="search"]');

  await filter.fill("n42");
  await waitFor(async () => (await visible()) === SERVICES.length, "those of that name");
  await filter.fill("batch n42");
  await waitFor(async () => (await visible()) === 1, "the one of that service");
  await filter.fill("");
  await waitFor(async () => (await visible()) === ALL, "all of them");
  await page.locator('[data-view="services"] input[type="checkbox"]').check();
  await waitFor(async () => (await visible()) === SERVICES.length, "those that are down");
  assertQuiet(page);
  await page.context().close();
});

for (const colorScheme of THEMES)
  test(`nothing is wider than the window, ${colorScheme}`, async () => {
    for (const width of [360, 1920]) {
      const page = await openLive(s.browser, s.sluice.url,
        { viewport: { width, height: 1080 }, colorScheme });

      for (const view of ["services", "timeline"]) {
        await showView(page, view);
        await shoot(page, `many-${view}-${width}-${colorScheme}`);
        assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <=
          document.scrollingElement.clientWidth), `${view} at ${width}`);
      }
      assertQuiet(page);
      await page.context().close();
    }
  });
