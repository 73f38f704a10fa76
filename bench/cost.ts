import { parseArgs } from "node:util";
import { COUNTS } from "../shared/cost/counts.ts";
import { billOf, type Workload } from "../shared/cost/model.ts";
import { FREE_A_DAY } from "../shared/plan.ts";
import { writeSection } from "./report.ts";

/*
 * What a month costs, line by line: prices in shared/cost/prices.ts, what each action takes in shared/cost/counts.ts.
 *
 *   npm run cost -- --evaluations=100e6 --events=10e6 --watched=0.2 --environments=3
 *   npm run cost -- --write     also writes four installations into docs/design.md
 */

const SCALES: readonly (readonly [name: string, load: Partial<Workload>])[] = [
  ["1 million", { evaluations: 1e6, events: 1e5, centres: 3, isolates: 10, changes: 100 }],
  ["100 million", { evaluations: 100e6, events: 10e6, centres: 100, isolates: 400, changes: 300 }],
  ["1 billion", { evaluations: 1e9, events: 20e6, centres: 200, isolates: 2_000, changes: 500 }],
  ["10 billion", { evaluations: 10e9, events: 50e6, centres: 330, isolates: 10_000, changes: 500 }],
];
const USUAL: Workload = {
  evaluations: 1e6,
  events: 0,
  watched: 0.2,
  environments: 1,
  guards: 1,
  projects: 1,
  centres: 5,
  isolates: 20,
  streams: 0,
  changes: 100,
  scrapes: 0,
};
const dollars = (amount: number): string => `$${amount.toFixed(2)}`;
const count = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

const names = Object.keys(USUAL) as (keyof Workload)[];
const { values } = parseArgs({
  options: {
    ...Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
    write: { type: "boolean", default: false },
  },
});
const given = Object.fromEntries(
  names.flatMap((name) => {
    const text = (values as Record<string, unknown>)[name];
    if (text === undefined) return [];
    const value = Number(text);
    if (!Number.isFinite(value) || value < 0) {
      console.error(`--${name} takes a number of zero or more, such as --${name}=100e6`);
      process.exit(1);
    }
    return [[name, value] as const];
  }),
);

const load = { ...USUAL, ...given };
const bill = billOf(load);
console.log(names.map((name) => `${name} ${count.format(load[name])}`).join(", "), "\n");
for (const { what, billed, amount, dollars: cost } of bill.lines)
  if (amount > 0)
    console.log(
      `${what.padEnd(28)} ${billed.padEnd(16)} ${count.format(amount).padStart(8)} ${dollars(cost).padStart(10)}`,
    );
console.log(`${"with the plan".padEnd(54)} ${dollars(bill.total).padStart(10)} a month`);
// Under PLAN = "free" nothing but changes writes rows.
const free = { requests: load.evaluations / 30, rowsWritten: (load.changes * COUNTS.rowsAChange) / 30 };
const fits = free.requests <= FREE_A_DAY.requests && free.rowsWritten <= FREE_A_DAY.rowsWritten;
console.log(
  `Workers Free, with PLAN = "free", ${fits ? "has" : "has no"} room for it: ${count.format(free.requests)} of ${count.format(FREE_A_DAY.requests)} requests and ${count.format(free.rowsWritten)} of ${count.format(FREE_A_DAY.rowsWritten)} rows a day`,
);

if (values.write) {
  const bills = SCALES.map(([name, scale]) => ({
    name,
    load: { ...USUAL, ...scale },
    bill: billOf({ ...USUAL, ...scale }),
  }));
  const kinds = [...new Set(bills[0]?.bill.lines.map(({ billed }) => billed))];
  const sum = (index: number, kind: string) =>
    bills[index]?.bill.lines.reduce((total, line) => total + (line.billed === kind ? line.dollars : 0), 0) ?? 0;
  writeSection(
    "Cost",
    [
      `\`npm run cost -- --write\` writes this from Cloudflare's list prices (\`shared/cost/prices.ts\`, read on 2026-11-30: check them before you rely on this) and from what each action takes (\`shared/cost/counts.ts\`), which tests hold. \`npm run cost -- --evaluations=100e6 --events=10e6\` prints every line of a month of yours.`,
      "",
      `A month of one project with one guarded environment:`,
      "",
      `| evaluations | ${bills.map(({ name }) => name).join(" | ")} |`,
      `|---|${bills.map(() => "---|").join("")}`,
      `| events, a fifth of them watched | ${bills.map(({ load: one }) => count.format(one.events)).join(" | ")} |`,
      `| busy data centres, isolates | ${bills.map(({ load: one }) => `${one.centres}, ${count.format(one.isolates)}`).join(" | ")} |`,
      ...kinds.map((kind) => `| ${kind} | ${bills.map((_, index) => dollars(sum(index, kind))).join(" | ")} |`),
      `| **with the plan's $5** | ${bills.map(({ bill: one }) => `**${dollars(one.total)}**`).join(" | ")} |`,
      "",
      "An evaluation is one Worker request, single or bulk, without any read of KV or of a Durable Object. A busy data centre asks the store about 1.4 times a second and project, however many isolates it has (`npm run sim:propagation`); a centre without traffic asks nothing. A relay costs about $0.40 a month while edges ask it all month, and the timer of the store that signals it up to $4.15 a project; both are reckoned as if relays of all regions were asked without a pause. From some 10,000 evaluations a second on it pays to ask less often: one bulk evaluation a session with an event stream, or a server that keeps a bulk answer for its user.",
      "",
      "**Left out**: storage beyond what the plan includes, traffic of the dashboard, webhooks, and sockets of in-process clients, of which only pings are billed, twenty as one request. **Assumed**: a Durable Object works 10 ms for a request, an isolate loads one snapshot for each change, senders make batches of 200 events. Where the Cache API keeps nothing (`workers.dev`, Cloudflare Access), every isolate asks the store up to twice a second.",
      "",
      "**Scale.** One FlagStore admits 1,000 pointer reads a second, twice what a project that is busy in every data centre asks. It is the bound of one *project*; projects do not share anything. An isolate keeps 200 projects in memory of which a secret was shown, 200 more that the store knows, and 50 names that it has not answered for, as far as their snapshots fit in its memory.",
      "",
      '**Workers Free** (100,000 requests a day, 100,000 Durable Object requests, 100,000 rows and 1,000 KV writes a day, 50 subrequests an invocation): set `PLAN = "free"`: [upgrading.md](upgrading.md#workers-free) says what is off then. When the day\'s requests are used up the Worker does not run at all and callers serve their defaults; after 100,000 Durable Object requests edges serve their last knowledge, and then only break-glass kills.',
    ],
    "docs/design.md",
  );
}
