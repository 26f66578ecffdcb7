// SPDX-License-Identifier: MIT
// From a telephone to 4K nothing is wider than the window; pictures of it are kept in
// BUILD/browser-artefacts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertQuiet, openLive, row, shoot, showView, THEMES, VIEWS } from "./page.mjs";
import { waitFor } from "./process.mjs";
import { demoScene } from "./scene.mjs";

const SIZES = [[360, 740], [1280, 800], [1920, 1080], [3840, 2160]];
const s = demoScene(async ({ browser, demo }) => {
  const page = await openLive(browser, demo.url);

  await demo.say("kill 2", /node n2: /);
  await demo.say("drain 1", /node n1: /);
  for (const [name, state] of [["n2", "down"], ["n1", "nolb"]])
    await row(page, "psql", name).and(page.locator(`[data-state="${state}"]`)).waitFor();
  await demo.say("reset 1", /node n1: /);
  await row(page, "psql", "n1").and(page.locator('[data-state="up"]')).waitFor();
  await page.context().close();
});

for (const [width, height] of SIZES)
  for (const colorScheme of THEMES)
    test(`${width} x ${height}, ${colorScheme}`, async () => {
      const page = await openLive(s.browser, s.demo.url,
        { viewport: { width, height }, colorScheme });

      for (const view of VIEWS) {
        await showView(page, view);
        if (view === "sessions")
          await waitFor(() => page.locator('[data-view="sessions"] tbody tr').count(), "sessions");
        const wide = await page.evaluate(() => {
          const root = document.scrollingElement;
          const end = root.clientWidth;
          const out = [...document.querySelectorAll("main *")].find((el) =>
            el.getBoundingClientRect().right > end + 1 && el.checkVisibility() &&
            !el.closest("svg") && getComputedStyle(el).position !== "absolute");

          return root.scrollWidth > end ? `${root.scrollWidth} px: ${out?.outerHTML.slice(0, 200)}` : null;
        });

        await shoot(page, `${view}-${width}-${colorScheme}`);
        assert.equal(wide, null, `${view} is wider than ${width}`);
      }
      await showView(page, "services");
      await row(page, "psql", "n2").locator('[data-action="why"]').click();
      await page.locator("dialog[open]", { hasText: "psql/n2" }).waitFor();
      await shoot(page, `why-${width}-${colorScheme}`);
      assertQuiet(page);
      await page.context().close();
    });
