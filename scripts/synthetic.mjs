import { createHmac } from "node:crypto";
import util from "node:util";
import { adminApi } from "./admin-api.mjs";
import { Problem, runMain } from "./problem.mjs";

// `npm run synthetic -- PROJECT ENVIRONMENT FLAG [--rate 20] [--seconds 10] [--target URL]`
// Signed synthetic traffic for a dark launch: it meets the hidden flag from the stage "synthetic" on, and no visitor does.
// Without --target the flag itself is asked for. With it, GET requests go to that address of the product, which hands the
// header Blastdoor-Synthetic on when it asks for its flags.

const TIMEOUT_MS = 10_000;

await runMain(async () => {
  const { positionals, values } = util.parseArgs({
    allowPositionals: true,
    options: { rate: { type: "string" }, seconds: { type: "string" }, target: { type: "string" } },
  });
  const [project, environment, flag] = positionals;
  if (!project || !environment || !flag)
    throw new Problem(
      "Say what: npm run synthetic -- PROJECT ENVIRONMENT FLAG [--rate 20] [--seconds 10] [--target URL]",
    );
  const rate = numberOf("--rate", values.rate ?? "20", 0.1, 1_000);
  const seconds = numberOf("--seconds", values.seconds ?? "10", 1, 3_600);
  const api = adminApi();
  const at = `/projects/${encodeURIComponent(project)}/environments/${encodeURIComponent(environment)}`;
  const { header, key: secret } = await api("GET", `${at}/synthetic-key`);
  // A key for this run alone; the product brings its own.
  const lent = values.target ? null : await api("POST", `${at}/keys`, { kind: "server", name: "Synthetic traffic" });
  try {
    const ask = values.target ? askProduct(values.target) : askFlag(flag, lent.key);
    const sign = () => {
      const now = String(Date.now());
      return { [header]: `t=${now},v1=${createHmac("sha256", secret).update(now).digest("hex")}` };
    };
    report(await drive(rate, seconds, (index) => ask(index, sign())), flag, rate, seconds);
  } finally {
    if (lent) await api("DELETE", `${at}/keys/${lent.id}`).catch(() => {});
  }
  return 0;
});

/**
 * @param {string} flag
 * @param {string} key
 */
function askFlag(flag, key) {
  const url = `${process.env.BLASTDOOR_URL ?? "http://127.0.0.1:8787"}/ofrep/v1/evaluate/flags/${encodeURIComponent(flag)}`;
  return async (/** @type {number} */ index, /** @type {Record<string, string>} */ signature) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "X-API-Key": key, "Content-Type": "application/json", ...signature },
      body: JSON.stringify({ context: { targetingKey: `synthetic-${index % 1_000}` } }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    /** @type {any} */
    const answer = await response.json();
    return response.ok ? `served "${answer.variant ?? "nothing"}"` : `answered ${response.status} ${answer.errorCode}`;
  };
}

/** @param {string} target */
function askProduct(target) {
  return async (/** @type {number} */ _index, /** @type {Record<string, string>} */ signature) => {
    const response = await fetch(target, { headers: signature, signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.arrayBuffer();
    return `answered ${response.status}`;
  };
}

/**
 * Sends at a fixed rate, whether or not earlier requests have come back, and measures from when each was due: a product
 * that stalls shows in every request that had to wait.
 *
 * @param {number} rate
 * @param {number} seconds
 * @param {(index: number) => Promise<string>} ask
 * @returns {Promise<{ ms: number, outcome: string, failed: boolean }[]>}
 */
async function drive(rate, seconds, ask) {
  const began = performance.now();
  const asked = [];
  for (let index = 0; index < Math.floor(rate * seconds); index++) {
    const due = began + (index * 1_000) / rate;
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    asked.push(
      ask(index).then(
        (outcome) => ({ ms: performance.now() - due, outcome, failed: /^answered [45]/.test(outcome) }),
        (error) => ({ ms: performance.now() - due, outcome: `no answer (${error.name})`, failed: true }),
      ),
    );
  }
  return Promise.all(asked);
}

/**
 * @param {Awaited<ReturnType<typeof drive>>} results
 * @param {string} flag
 * @param {number} rate
 * @param {number} seconds
 */
function report(results, flag, rate, seconds) {
  const times = results.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (/** @type {number} */ part) =>
    `${(times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0).toFixed(1)} ms`;
  const failures = results.filter(({ failed }) => failed).length;
  console.log(`${results.length} signed requests for ${flag}, ${rate} a second for ${seconds} s`);
  console.log(`latency   median ${at(0.5)}   95 % within ${at(0.95)}   99 % within ${at(0.99)}   longest ${at(1)}`);
  console.log(`errors    ${failures} (${((failures * 100) / Math.max(1, results.length)).toFixed(2)} %)`);
  /** @type {Map<string, number>} */
  const outcomes = new Map();
  for (const { outcome } of results) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  for (const [outcome, count] of [...outcomes].sort((a, b) => b[1] - a[1])) console.log(`  ${count} × ${outcome}`);
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} least
 * @param {number} most
 */
function numberOf(name, text, least, most) {
  const value = Number(text);
  if (!(value >= least && value <= most))
    throw new Problem(`${name} is a number from ${least} to ${most}, not "${text}".`);
  return value;
}
