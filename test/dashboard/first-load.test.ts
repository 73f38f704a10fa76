import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { startServer } from "../process/server.ts";
import { launch, signedIn } from "./browser.ts";

/** Of JavaScript, gzipped, before the list of flags is complete. */
const BUDGET_KB = 45;

test(`the first visit loads at most ${BUDGET_KB} KB of JavaScript (gzip), and no other page's code`, async () => {
  await using server = await startServer({ env: { SEED: "" } });
  const browser = await launch();
  try {
    const { page } = await signedIn(browser, server);
    const scripts = new Map<string, Promise<Buffer>>();
    page.on("response", (response) => {
      if (response.url().includes(".js")) scripts.set(response.url(), response.body());
    });
    await page.goto(`${server.url}/p/demo/flags`);
    await page.getByRole("link", { name: "new-checkout", exact: true }).waitFor();
    await page.waitForLoadState("networkidle");
    const sizes = await Promise.all(
      [...scripts].map(async ([url, body]) => [new URL(url).pathname, gzipSync(await body).length] as const),
    );
    const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
    console.log(`first load: ${(total / 1024).toFixed(1)} KB of JavaScript (gzip) in ${sizes.length} files`);
    expect(total).toBeGreaterThan(0);
    expect(total, JSON.stringify(sizes)).toBeLessThanOrEqual(BUDGET_KB * 1024);
    expect(sizes.filter(([path]) => /flag-page|playground|history|segments|settings/.test(path))).toEqual([]);
  } finally {
    await browser.close();
  }
});
