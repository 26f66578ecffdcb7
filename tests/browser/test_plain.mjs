// SPDX-License-Identifier: MIT
// A browser without JavaScript gets a table that renews itself.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertQuiet, openPage, shoot, THEMES } from "./page.mjs";
import { clusterScene } from "./scene.mjs";

const s = clusterScene();

test("servers, services and events are there, and are renewed", async () => {
  const page = await openPage(s.browser, s.sluice.url, { javaScriptEnabled: false });

  await page.goto(`${s.sluice.url}/`);
  for (const service of ["psql", "dbconsole"])
    await page.getByRole("heading", { name: service, exact: true }).waitFor();
  for (const node of ["n1", "n2", "n3"])
    assert.equal(await page.locator("tr", { hasText: new RegExp(`UP[\\s\\S]*${node}`) }).count(), 2);
  await s.nodes.command(2, "kill");
  await page.locator("tr", { hasText: /DOWN[\s\S]*n2[\s\S]*refused/ }).first().waitFor();
  await s.nodes.command(2, "reset");
  await page.locator("tr", { hasText: /UP[\s\S]*n2/ }).first().waitFor();
  assertQuiet(page);
  await page.context().close();
});

for (const colorScheme of THEMES)
  test(`it looks well, ${colorScheme}`, async () => {
    for (const width of [360, 1920]) {
      const page = await openPage(s.browser, s.sluice.url,
        { javaScriptEnabled: false, colorScheme, viewport: { width, height: 900 } });

      await page.goto(`${s.sluice.url}/`);
      await page.locator("table").first().waitFor();
      await shoot(page, `plain-${width}-${colorScheme}`, { fullPage: true });
      assertQuiet(page);
      await page.context().close();
    }
  });
