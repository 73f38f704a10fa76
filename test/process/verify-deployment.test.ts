import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Interrupted } from "../../scripts/problem.mjs";
import type { Outside } from "../../scripts/verify/site.ts";
import { verify } from "../../scripts/verify/verify.ts";
import type { ProbeReport } from "../../shared/schema/probe.ts";
import { SLACK_MS } from "../promises.ts";
import { ADMIN_TOKEN, type Fleet, startFleet } from "../propagation/fleet.ts";

// `npm run verify:deployment` on a running Worker. Regions are simulated: a region's probe is sent through one isolate of
// several, in data centres of their own, and calls that isolate. Faults are put into the answers on their way back.

const SITE = "http://127.0.0.1:1";
/** No probe runs in the others. */
const REACHED = ["wnam", "sam", "weur", "afr"];
let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    bindings: { VERSION: { id: "version-1" } },
    centres: [
      { colo: "FRA", isolates: 2 },
      { colo: "SYD", isolates: 1, storeMs: 100 },
    ],
  });
});
afterAll(() => fleet?.[Symbol.asyncDispose]());

/** What an answer is turned into; null: it stays. */
type Fault = (path: string, init: RequestInit, answer: Response) => Promise<Response | null> | Response | null;

/** The address that the command is given leads to the isolates. */
function transport(faults: readonly Fault[]): typeof fetch {
  return async (input, init = {}) => {
    const url = String(input);
    const path = url.startsWith(SITE) ? url.slice(SITE.length) : url;
    const region = /^\/api\/v1\/probes\/(\w+)$/.exec(path)?.[1];
    const isThere = url.startsWith(SITE) && (region === undefined || REACHED.includes(region));
    let answer = isThere
      ? await fetch(new URL(path, isolateFor(path, region)), init)
      : new Response("no object could be made", { status: 503 });
    for (const fault of faults) answer = (await fault(path, init, answer)) ?? answer;
    return answer;
  };
}

function isolateFor(path: string, region: string | undefined): URL {
  if (region === undefined && path.startsWith("/api/v1/")) return fleet.store.url;
  const index = region === "sam" ? fleet.isolates.length - 1 : REACHED.indexOf(region ?? "wnam") % 2;
  return fleet.isolates[index]?.url as URL;
}

async function run(args: string[], faults: readonly Fault[] = [], more: Partial<Outside> = {}) {
  const [printed, noted]: [string[], string[]] = [[], []];
  const status = await verify([SITE, "--quick", "--json", ...args], {
    fetch: transport(faults),
    env: { ADMIN_TOKEN },
    slackMs: SLACK_MS,
    signal: new AbortController().signal,
    print: (line) => printed.push(line),
    note: (line) => noted.push(line),
    ...more,
  });
  const { rows, leftOut } = JSON.parse(printed.join("\n")) as {
    rows: { name: string; seen: string; verdict: string }[];
    leftOut: { name: string }[];
  };
  return {
    status,
    rows,
    leftOut,
    noted,
    verdicts: Object.fromEntries(rows.map(({ name, verdict }) => [name, verdict])),
  };
}

const leftBehind = async () => {
  const { projects } = await fleet.admin<{ projects: { key: string }[] }>("GET", "/projects");
  return projects.filter(({ key }) => key.startsWith("verify-"));
};

/** Turns the samples of probes. */
const ofProbes =
  (turn: (sample: ProbeReport["samples"][number], region: string, asked: Record<string, unknown>) => void): Fault =>
  async (path, init, answer) => {
    const region = /^\/api\/v1\/probes\/(\w+)$/.exec(path)?.[1];
    if (region === undefined || !answer.ok) return null;
    const report = (await answer.json()) as ProbeReport;
    const asked = (JSON.parse(String(init.body)) as { question?: Record<string, unknown> }).question ?? {};
    for (const sample of report.samples) turn(sample, region, asked);
    return Response.json(report);
  };

/** One for each check. */
const FAULTS: Record<string, Fault> = {
  host: (path, { headers }, { status }) => {
    // The check of versions asks as well, and is to meet a fault of its own.
    hostAsked += path === "/healthz" && headers === undefined ? 1 : 0;
    const first = path === "/healthz" && hostAsked === 1 && status === 200;
    return first ? new Response("", { status: 302, headers: { Location: "https://me.cloudflareaccess.com/" } }) : null;
  },
  versions: (path) =>
    path === "/healthz" && hostAsked === 3 ? Response.json({ status: "ok", version: "version-2" }) : null,
  regions: ofProbes((sample, region) => {
    if (region === "afr") Object.assign(sample, { status: 403, answer: null });
  }),
  cache: ofProbes(({ answer }, _region, { look }) => {
    if (answer && look) answer.kept = false;
  }),
  store: ofProbes(({ answer }) => {
    if (answer?.pointer) answer.pointer.longestMs = 9_000;
  }),
  kv: ofProbes(({ answer }, _region, { readKv }) => {
    if (answer && readKv) answer.kv = "null";
  }),
  kills: ofProbes(({ answer }, region) => {
    if (answer && region === "sam" && "flag-0001" in answer.values) answer.values["flag-0001"] = true;
  }),
  streams: async (path, _init, answer) =>
    path === "/v1/probe" && answer.ok ? Response.json({ ...((await answer.json()) as object), openStreams: 3 }) : null,
  sizes: ofProbes(({ answer }, region) => {
    if (answer && region === "weur" && "flag-0299" in answer.values) answer.values["flag-0299"] = true;
  }),
  guard: async (path, { method }, answer) =>
    path.endsWith("/guard") && method === "GET" ? Response.json({ watch: { checkedAt: null } }, answer) : null,
  bill: (path) => {
    if (!path.includes("graphql")) return null;
    const day = { workers: [{ sum: { requests: 1e6 } }], objects: [], rows: [{ sum: { rowsWritten: 5e6 } }] };
    return Response.json({ data: { viewer: { accounts: [day] } } });
  },
};
let hostAsked = 0;

describe("npm run verify:deployment -- --quick", () => {
  test("misses nothing on a deployment that keeps its promises, says what it left out, and leaves nothing", async () => {
    const { status, verdicts, rows, leftOut } = await run([]);
    const table = JSON.stringify(rows, null, 1);
    expect(verdicts, table).toEqual({
      host: "not reached",
      regions: "met",
      versions: "met",
      cache: expect.stringMatching(/^(?:met|not reached)$/),
      // So few reads reach no limit.
      store: "not reached",
      kv: "met",
      kills: "met",
      streams: "met",
      sizes: "met",
      guard: "met",
      bill: "not reached",
    });
    expect(status).toBe(0);
    expect(rows.find(({ name }) => name === "regions")?.seen).toMatch(
      /wnam by FRA .*sam by SYD .*no probe ran in enam/,
    );
    expect(leftOut.map(({ name }) => name)).toEqual(expect.arrayContaining(["kills", "store", "sizes"]));
    expect(await leftBehind()).toEqual([]);
  });

  test("misses each promise that is broken, and deletes what it made all the same", async () => {
    const env = { ADMIN_TOKEN, CLOUDFLARE_API_TOKEN: "x", CLOUDFLARE_ACCOUNT_ID: "y" };
    const { status, verdicts, rows } = await run([], Object.values(FAULTS), { env });
    const missed = Object.fromEntries(Object.keys(FAULTS).map((name) => [name, "MISSED"]));
    expect(verdicts, JSON.stringify(rows, null, 1)).toEqual({
      ...missed,
      // A busy machine may look for an entry when it has run out.
      cache: expect.stringMatching(/^(?:MISSED|not reached)$/),
    });
    expect(rows.find(({ name }) => name === "kills")?.seen).toMatch(/sam SYD \w+ answered flag-0001 stale/);
    expect(status).toBe(1);
    expect(await leftBehind()).toEqual([]);
  });

  test("deletes what it made when it is interrupted", async () => {
    const stop = new AbortController();
    const interrupts: Fault = (path) => {
      if (path.endsWith("/keys")) stop.abort(new Interrupted("SIGINT"));
      return null;
    };
    await expect(run(["--only", "kills"], [interrupts], { signal: stop.signal })).rejects.toThrow(Interrupted);
    expect(await leftBehind()).toEqual([]);
  });

  test("misses when what it made cannot be deleted, and names it", async () => {
    const refuses: Fault = (_path, { method }) => (method === "DELETE" ? new Response("", { status: 503 }) : null);
    const { status, noted, verdicts } = await run(["--only", "regions"], [refuses]);
    expect([status, verdicts["clean-up"]]).toEqual([1, "MISSED"]);
    expect(noted.join("\n")).toMatch(/verify-[0-9a-f]{8} could not be deleted/);
  });
});
