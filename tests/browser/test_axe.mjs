// SPDX-License-Identifier: MIT
// axe-core finds nothing serious in any view, in both themes, with servers in all states.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertQuiet, audit, openLive, openPage, row, showView, THEMES, VIEWS } from "./page.mjs";
import { waitFor } from "./process.mjs";
import { clusterScene, OPS, WRITABLE } from "./scene.mjs";

const s = clusterScene({ count: 6, admin: WRITABLE }, async ({ nodes, sluice }) => {
  await nodes.command(2, "kill");
  await nodes.command(3, "drain 10m 0s 0s");
  await sluice.ctl("set server psql/n4 state drain");
  await sluice.ctl("set server psql/n5 state maint");
  await sluice.ctl("fault psql/n6 delay 5ms");
  await sluice.ctl("drill start axe");
  await waitFor(async () => /^psql,n2,.*,DOWN,/m.test(await sluice.ctl("show stat")),
    "n2 to be down");
});

async function check(page, where) {
  assert.deepEqual(await audit(page), [], where);
  assertQuiet(page);
}

for (const colorScheme of THEMES) {
  const open = (options) => openLive(s.browser, s.sluice.url,
    { httpCredentials: OPS, colorScheme, ...options });

  for (const view of VIEWS)
    test(`${view}, ${colorScheme}`, async () => {
      for (const width of [1280, 360]) {
        const page = await open({ viewport: { width, height: 900 } });

        await showView(page, view);
        await check(page, `${view} at ${width}`);
        await page.context().close();
      }
    });

  test(`dialogs and menus, ${colorScheme}`, async () => {
    const page = await open();

    await row(page, "psql", "n2").locator('[data-action="why"]').click();
    await page.locator("dialog[open]", { hasText: "psql/n2" }).waitFor();
    await check(page, "why");
    await page.keyboard.press("Escape");
    await row(page, "psql", "n1").locator('[data-action="menu"]').click();
    await page.locator('[role="group"][data-server="n1"] [data-action="fault"]').waitFor();
    await check(page, "menu");
    await page.locator('[role="group"][data-server="n1"] [data-action="fault"]').click();
    await page.locator('dialog[open] [data-action="confirm"]').waitFor();
    await check(page, "fault");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.locator("dialog[open]").waitFor();
    await check(page, "help");
    await page.context().close();
  });

  test(`the plain page, ${colorScheme}`, async () => {
    const page = await openPage(s.browser, s.sluice.url, { httpCredentials: OPS, colorScheme });

    // axe-core is JavaScript, too: only that of the page is taken out.
    await page.route(`${s.sluice.url}/`, async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace(/<script[^>]*><\/script>/g, "");

      await route.fulfill({ response, body });
    });
    await page.goto(`${s.sluice.url}/`);
    await page.locator("table").first().waitFor();
    await check(page, "plain");
    await page.context().close();
  });
}
