import { randomUUID } from "node:crypto";
import type { Command, Envelope } from "../../worker/objects/flag-store/commands.ts";
import { type BenchFlag, ourSnapshot } from "../workloads.ts";
import { distinctFiveRuleFlags } from "./flags.ts";
import type { GrowthRow } from "./row.ts";
import { type NodeStore, storeInNode } from "./store-in-node.ts";

const ROUNDS = 60;
/** Rounds until the engine has compiled what it will. */
const WARM_UP = 30;

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

/** What the store takes for a kill and for an edit, the longest slice of either, and what an edit ships. */
interface StoreTimes {
  kill: number;
  edit: number;
  slice: number;
  /** Characters that a warm isolate reads for one edit: the value that the pointer names. */
  shipped: number;
}

export async function storeRows(sizes: readonly number[]): Promise<GrowthRow[]> {
  const times = new Map<number, StoreTimes>();
  for (const size of sizes) times.set(size, await measureStore(size));
  const of = (name: keyof StoreTimes) => new Map([...times].map(([size, time]) => [size, time[name]] as const));
  return [
    {
      what: "kill acknowledged, idle, median",
      unit: "ms",
      values: of("kill"),
      bound: { atMost: 30, timesSmallest: 2 },
    },
    {
      what: "edit acknowledged, idle, median",
      unit: "ms",
      values: of("edit"),
      bound: { atMost: 50, timesSmallest: 2 },
    },
    { what: "longest slice of the store", unit: "ms", values: of("slice"), bound: { atMost: 10 } },
    { what: "shipped for one edit", unit: "characters", values: of("shipped"), bound: { atMost: 20_000 } },
  ];
}

async function measureStore(count: number): Promise<StoreTimes> {
  using node = await storeInNode();
  await fill(node, distinctFiveRuleFlags(count));
  const lag = new Lag();
  const kills: number[] = [];
  const edits: number[] = [];
  const shipped: number[] = [];
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    const flag = `flag-${(round * 7919) % count}`;
    const at = { environment: "production", flag };
    if (round === WARM_UP) {
      kills.length = 0;
      edits.length = 0;
      lag.begin();
    }
    kills.push(await timed(() => execute(node, { type: "kill", ...at })));
    await idle(node);
    await execute(node, { type: "restore", ...at });
    await idle(node);
    node.kv.written = [];
    edits.push(await timed(() => execute(node, { type: "patchState", ...at, patch: { fallthrough: shares(round) } })));
    const [, chars] = node.kv.written.findLast(([key]) => key.startsWith("snapshots/")) ?? ["", 0];
    shipped.push(chars);
    await idle(node);
  }
  return { kill: median(kills), edit: median(edits), slice: lag.end(), shipped: Math.max(...shipped.slice(WARM_UP)) };
}

/** Another split for each round, so that each edit changes something. */
const shares = (round: number) => ({
  split: [
    { variant: "on", weight: round + 1 },
    { variant: "off", weight: 99_999 - round },
  ],
});

async function fill(node: NodeStore, flags: readonly BenchFlag[]): Promise<void> {
  await execute(node, { type: "putProject", environments: ["production"] });
  const documents = Object.entries(ourSnapshot(flags).flags).flatMap(([key, { state, ...flag }]) => [
    ["flag", "", key, { ...flag, type: "boolean", purpose: "release", description: "", owner: "", tags: [] }] as const,
    ["state", "production", key, state] as const,
  ]);
  node.leave(documents.map((document) => [...document]));
  await idle(node);
  await execute(node, { type: "patchState", environment: "production", flag: "flag-0", patch: { enabled: false } });
  await idle(node);
}

async function execute({ store }: NodeStore, command: object): Promise<void> {
  const actor = { type: "admin", id: "admin", name: "Administrator", role: "admin" } as const;
  const asked: Envelope = { id: randomUUID(), project: "bench", actor, comment: "", command: command as Command };
  const reply = await store.execute(asked);
  if (!reply.ok) throw new Error(`refused: ${JSON.stringify(reply.rejection)}`);
}

async function idle(node: NodeStore): Promise<void> {
  await node.settle();
  await new Promise((resolve) => setTimeout(resolve, 10));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The longest turn of the event loop, in the thread's own time (ms): on a busy machine others' time counts for nothing. */
class Lag {
  #longest = 0;
  #running = false;

  begin(): void {
    this.#running = true;
    let last = threadMs();
    const turn = () => {
      const now = threadMs();
      this.#longest = Math.max(this.#longest, now - last);
      last = now;
      if (this.#running) setImmediate(turn);
    };
    setImmediate(turn);
  }

  end(): number {
    this.#running = false;
    return this.#longest;
  }
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
