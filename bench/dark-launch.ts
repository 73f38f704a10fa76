import { startServer } from "../test/process/server.ts";

/*
 * npm run bench:dark-launch
 *
 * Can a stranger with the public key tell a hidden flag from an unknown one by how long the answer takes? At each stage of
 * a dark launch, 10,000 requests, half for each in random order, one after the other over one connection. The classifier
 * is the best there is for one number: the area under its ROC curve (AUC, the chance that a random request for the hidden
 * flag took longer than one for the unknown flag, or the other way round) is that of any threshold. 0.5 is guessing; at
 * most 0.55 passes. Every answer is compared byte for byte as well.
 */

const REQUESTS = 10_000;
const WARM_UP = 500;
const HIGHEST_AUC = 0.55;
const ALL = ["off", "synthetic", "segment", "staff", "percent"];
/** All, or those named: `npm run bench:dark-launch -- staff percent`. */
const STAGES = ALL.filter((stage) => process.argv.length < 3 || process.argv.includes(stage));
const HIDDEN = "search-by-photo";
const UNKNOWN = "search-by-sound";

await using server = await startServer();
const api = async (method: string, route: string, body?: unknown) => {
  const response = await server.admin(`/projects/dark${route}`, body === undefined ? { method } : { method, body });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { key: string };
};
await api("PUT", "", { environments: ["production"] });
const flag = `/environments/production/flags/${HIDDEN}`;
await api("PUT", `${flag}/test`, {
  settings: {
    kind: "dark-launch",
    segment: { attribute: "edge.ip", op: "in_cidr", values: ["203.0.113.0/24"] },
    staff: { attribute: "email", op: "ends_with", values: ["@shop.example"] },
  },
});
const { key } = await api("POST", "/environments/production/keys", { kind: "client", name: "bench" });

/** A stranger whom the share of the last stage leaves out. */
const body = JSON.stringify({ context: { targetingKey: "competitor", email: "spy@rival.example" } });

async function ask(name: string): Promise<{ ms: number; shown: string }> {
  const began = performance.now();
  const response = await fetch(`${server.url}/ofrep/v1/evaluate/flags/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": key },
    body,
  });
  const text = await response.text();
  const ms = performance.now() - began;
  const headers = [...response.headers].filter(([header]) => header !== "date");
  return { ms, shown: JSON.stringify([response.status, headers, text.replaceAll(name, "*")]) };
}

/** Mann and Whitney's U over the number of pairs; ties count half. */
function auc(longer: number[], other: number[]): number {
  const all = [...longer.map((ms) => ({ ms, mine: true })), ...other.map((ms) => ({ ms, mine: false }))];
  all.sort((a, b) => a.ms - b.ms);
  let rankSum = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]?.ms === all[from]?.ms) to++;
    const rank = (from + to + 1) / 2;
    for (let index = from; index < to; index++) if (all[index]?.mine) rankSum += rank;
    from = to;
  }
  const u = rankSum - (longer.length * (longer.length + 1)) / 2;
  return u / (longer.length * other.length);
}

const middle = (times: number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

console.log(`${REQUESTS.toLocaleString("en")} interleaved requests a stage, one at a time`);
let failed = false;
for (const stage of STAGES) {
  if (stage !== "off") await api("POST", `${flag}/test/stage`, { stage });
  for (let index = 0; index < WARM_UP; index++) await ask(index % 2 ? HIDDEN : UNKNOWN);
  const times: Record<string, number[]> = { [HIDDEN]: [], [UNKNOWN]: [] };
  const answers = new Set<string>();
  for (let index = 0; index < REQUESTS; index++) {
    const name = Math.random() < 0.5 ? HIDDEN : UNKNOWN;
    const { ms, shown } = await ask(name);
    times[name]?.push(ms);
    answers.add(shown);
  }
  const [hidden = [], unknown = []] = [times[HIDDEN], times[UNKNOWN]];
  const area = auc(hidden, unknown);
  const worst = Math.max(area, 1 - area);
  const passed = worst <= HIGHEST_AUC && answers.size === 1;
  failed ||= !passed;
  const words = [
    stage.padEnd(10),
    `AUC ${worst.toFixed(4)}`,
    `median ${middle(hidden).toFixed(3)} ms hidden, ${middle(unknown).toFixed(3)} ms unknown`,
    `${answers.size} distinct answer${answers.size === 1 ? "" : "s"}`,
    passed ? "" : "FAILED",
  ];
  console.log(words.join("   ").trimEnd());
}
process.exitCode = failed ? 1 : 0;
