import { cpus } from "node:os";
import { startBlastdoor } from "./blastdoor.ts";
import { optionsOf } from "./options.ts";
import { evidenceWords, hit, inactionWords, rampWords, restoredAfter, table, untrue } from "./report.ts";
import {
  bigBang,
  blueGreen,
  canaryAlone,
  canaryGuarded,
  type Outcome,
  type Ramp,
  rampOfTheFix,
  type Story,
} from "./scenarios.ts";

// `npm run demo:checkout`: one bad release, four ways to release it, and the good one. Every number is of this run.

const options = optionsOf(process.argv.slice(2));
if (!options.ok) {
  console.error(options.problem);
  process.exit(2);
}
const { only, perSecond, seed, pool } = options.value;
const began = performance.now();
const say = (text: string) => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${text}`);

console.log(`A new checkout with a bug: it keeps a connection for each voucher, and times out under load.
${perSecond} people a second, seed ${seed}, ${cpus().length} cores, Node ${process.version}.\n`);
const blastdoor = await startBlastdoor();
let problems: string[] = [];
try {
  await blastdoor.admin("PUT", "/projects/shop", { name: "Shop", environments: ["production"] });
  const keys = "/projects/shop/environments/production/keys";
  const { key: serverKey } = await blastdoor.admin("POST", keys, { kind: "server", name: "shop" });
  const story: Story = { blastdoor, serverKey, perSecond, seed, pool, say };
  const outcomes: Outcome[] = [];
  const releases = { "big-bang": bigBang, "blue-green": blueGreen, canary: canaryAlone, guarded: canaryGuarded };
  for (const [name, release] of Object.entries(releases)) {
    if (only !== null && only !== name) continue;
    const outcome = await release(story);
    outcomes.push(outcome);
    say(`${outcome.name}: ${hit(outcome.visits)} of ${outcome.visits.length} people hit`);
  }
  let ramp: Ramp | null = null;
  if (only === null || only === "mended") {
    ramp = await rampOfTheFix(story);
    say(`the mended checkout: ${ramp.status}`);
  }
  if (outcomes.length > 0) console.log(`\n${table(outcomes)}`);
  if (ramp) console.log(`\n${rampWords(ramp)}`);
  const stopped = [...outcomes, ...(ramp ? [ramp] : [])].filter(({ evidence }) => evidence !== null);
  for (const { name, evidence } of stopped) if (evidence) console.log(`\n${name}: ${evidenceWords(evidence)}`);
  for (const { name, watch, killed } of outcomes)
    if (watch && watch.tiles.length > 0 && !killed) console.log(`\n${name}: ${inactionWords(watch)}`);
  const [first, , , last] = outcomes;
  if (first && last) {
    const fewer = 1 - hit(last.visits) / last.visits.length / (hit(first.visits) / first.visits.length);
    const shorter = 1 - (restoredAfter(last) ?? 0) / (restoredAfter(first) ?? 1);
    console.log(
      `\nThe guarded canary against the big bang: ${(fewer * 100).toFixed(1)} % fewer people hit, restored ${(shorter * 100).toFixed(0)} % sooner, though that person acted 15 s after the first error.`,
    );
  }
  problems = untrue(outcomes, ramp);
  if (problems.length > 0) console.error(["Blastdoor logged:", ...blastdoor.logged().slice(-40)].join("\n"));
} finally {
  await blastdoor.stop();
}
for (const problem of problems) console.error(`not as the story has it: ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
