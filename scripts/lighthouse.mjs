import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import chromium from "@sparticuz/chromium";
import { chromium as playwright } from "playwright-core";

// Lighthouse's scores of the dashboard's main pages, signed in, from a running server:
//   npm install --no-save lighthouse@13.5.0       (176 MB, so no dependency of the project)
//   URL=http://127.0.0.1:8787 ADMIN_TOKEN=… node scripts/lighthouse.mjs [desktop|mobile]

const url = process.env.URL ?? "http://127.0.0.1:8787";
const token = process.env.ADMIN_TOKEN ?? "";
const form = process.argv[2] === "mobile" ? "mobile" : "desktop";
const PAGES = ["flags", "flags/new-checkout", "playground", "history", "segments", "settings"];
const LEAST = 95;
const PORT = 9_000 + (process.pid % 900);

/** @type {string} */
const lighthouseModule = process.env.LIGHTHOUSE ?? "lighthouse";
const { default: lighthouse, desktopConfig } = await import(lighthouseModule).catch(() => {
  console.error("Lighthouse is not installed: npm install --no-save lighthouse@13.5.0");
  process.exit(1);
});

const profile = mkdtempSync(path.join(tmpdir(), "blastdoor-lighthouse-"));
const context = await playwright.launchPersistentContext(profile, {
  executablePath: await chromium.executablePath(),
  args: ["--no-sandbox", "--disable-background-networking", `--remote-debugging-port=${PORT}`],
});
let isGood = true;
try {
  await context.request.post(`${url}/api/v1/session`, { data: { token } });
  console.log(`Lighthouse, ${form}: performance, accessibility, best practices`);
  for (const page of PAGES) {
    const options = {
      port: PORT,
      output: "json",
      logLevel: "error",
      // Signing in happened before; Lighthouse would otherwise sign out.
      disableStorageReset: true,
      onlyCategories: ["performance", "accessibility", "best-practices"],
    };
    const config = form === "desktop" ? desktopConfig : undefined;
    const { lhr } = await lighthouse(`${url}/p/demo/${page}`, options, config);
    const scores = Object.values(lhr.categories).map(({ score }) => Math.round(score * 100));
    isGood &&= scores.every((score) => score >= LEAST);
    const audit = (/** @type {string} */ name) => lhr.audits[name]?.displayValue ?? "";
    const times = `first paint ${audit("first-contentful-paint")}, largest ${audit("largest-contentful-paint")}, shift ${audit("cumulative-layout-shift")}, blocked ${audit("total-blocking-time")}`;
    console.log(`${page.padEnd(20)} ${scores.map((score) => String(score).padStart(4)).join("")}   ${times}`);
    for (const { title, score, scoreDisplayMode } of Object.values(lhr.audits))
      if (score !== null && score < 0.9 && scoreDisplayMode === "binary") console.log(`  fails: ${title}`);
  }
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exitCode = isGood ? 0 : 1;
