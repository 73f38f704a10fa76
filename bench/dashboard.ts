import { launch, signedIn } from "../test/dashboard/browser.ts";
import { LARGE_PROJECT_FLAGS, makeLargeProject } from "../test/dashboard/large-project.ts";
import { startServer } from "../test/process/server.ts";
import { provenance } from "./report.ts";

/*
 * npm run bench:dashboard
 *
 * How soon a project of 5,000 flags can be worked with: from the arrival of its list to the first row, and on to the
 * answer of a search that was typed at once. Each round is a page of its own in a browser that has seen others, the
 * server and the browser sharing the machine.
 */

const ROUNDS = 11;
const WARM_UP = 2;

await using server = await startServer({ env: { SEED: "" } });
const browser = await launch();
try {
  await makeLargeProject(server);
  const rounds: { rows: number; found: number }[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const times = await open();
    if (round >= WARM_UP) rounds.push(times);
  }
  console.log(provenance("npm run bench:dashboard"));
  for (const [what, name] of [
    ["rows", "first row"],
    ["found", "first row, search and its answer"],
  ] as const) {
    const ms = rounds.map((round) => round[what]).sort((a, b) => a - b);
    const at = (share: number) => Math.round(ms[Math.floor(share * (ms.length - 1))] as number);
    console.log(
      `${LARGE_PROJECT_FLAGS} flags, ${name}: ${at(0.5)} ms after the list arrived (${at(0)} to ${at(1)} in ${ROUNDS} rounds)`,
    );
  }
} finally {
  await browser.close();
}

/** Milliseconds from the list's arrival. */
async function open(): Promise<{ rows: number; found: number }> {
  const { context, page } = await signedIn(browser, server);
  await page.goto(`${server.url}/p/demo/flags`);
  await page.getByRole("link", { name: "new-checkout", exact: true }).waitFor();
  const answered = page.waitForResponse((response) => response.url().endsWith("/projects/large/flags"));
  await page.getByLabel("Project").selectOption("large");
  await (await answered).finished();
  const from = performance.now();
  await page.getByRole("link", { name: "flag-0000" }).waitFor();
  const rows = performance.now() - from;
  await page.keyboard.press("/");
  await page.keyboard.type("number 4999");
  await page.getByRole("link", { name: "flag-4999" }).waitFor();
  const found = performance.now() - from;
  await context.close();
  return { rows, found };
}
