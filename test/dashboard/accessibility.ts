import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const require = createRequire(import.meta.url);
const AXE = require.resolve("axe-core/axe.min.js");
interface Report {
  violations: { id: string; nodes: { html: string }[] }[];
}

/** What sticks out of the window, from the outside in. */
const WIDEST = `[...document.querySelectorAll("main *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth)
  .slice(0, 12)
  .map((one) => one.tagName + "." + one.getAttribute("class"))
  .join(" ")`;

/**
 * What axe finds wrong with a page as it stands, light and dark, and what sticks out of its window; nothing is best.
 * The page must have been opened with `bypassCSP`: its own policy refuses the checker's script.
 */
export async function flaws(page: Page, where: string): Promise<string[]> {
  await page.addScriptTag({ path: AXE });
  const found: string[] = [];
  // Dark mode changes colours and nothing else: both rules that look at them.
  for (const [colorScheme, options] of [
    ["light", "{}"],
    ["dark", '{ runOnly: ["color-contrast", "link-in-text-block"] }'],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = (await page.evaluate(`globalThis.axe.run(${options})`)) as Report;
    found.push(...violations.map(({ id, nodes }) => `${colorScheme} ${where} ${id}: ${nodes[0]?.html}`));
  }
  const over = Number(await page.evaluate("document.documentElement.scrollWidth - innerWidth"));
  if (over > 0) found.push(`${where} is ${over} px too wide: ${await page.evaluate(WIDEST)}`);
  return found;
}
