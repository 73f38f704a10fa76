import { BUCKET_ALGORITHMS } from "../shared/schema/bucket.ts";
import type { Condition } from "../shared/schema/condition.ts";
import type { Snapshot } from "../shared/schema/snapshot.ts";
import type { ownBundle } from "./sizes.ts";

const USERS = 10_000;
const WARM_UP = 10;
const ROUNDS = 15;

type Own = Awaited<ReturnType<typeof ownBundle>>;

/** A flag that half of all users get: by our own split, and by a bucket condition of each algorithm. */
export function algorithmRows({ compile, evaluate, prepare, re2, dialects }: Own): string[][] {
  const users = JSON.parse(
    JSON.stringify(Array.from({ length: USERS }, (_, index) => ({ targetingKey: `user-${index}` }))),
  ) as object[];
  const median = (state: object): number => {
    const compiled = compile(snapshotOf(state), re2, dialects);
    const times: number[] = [];
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const start = process.hrtime.bigint();
      for (const user of users) evaluate(compiled, "flag", prepare(compiled, user, 0));
      if (round >= 0) times.push(Number(process.hrtime.bigint() - start) / USERS);
    }
    return times.sort((a, b) => a - b)[ROUNDS >> 1] as number;
  };
  const native = median({ rules: [], fallthrough: SPLIT });
  const row = (name: string, nanoseconds: number) => [
    name,
    `${nanoseconds.toFixed(0)} ns`,
    `${(nanoseconds / native).toFixed(1)} ×`,
  ];
  const half = (when: Condition) => ({
    rules: [{ id: "rule", when, serve: { variant: "on" } }],
    fallthrough: { variant: "off" },
  });
  return [
    row("a split of ours", native),
    ...BUCKET_ALGORITHMS.map((algorithm) =>
      row(algorithm, median(half({ bucket: { by: "targetingKey", algorithm, seed: ["f"], from: 0, to: 0.5 } }))),
    ),
  ];
}

const SPLIT = {
  split: [
    { variant: "on", weight: 50_000 },
    { variant: "off", weight: 50_000 },
  ],
  by: "targetingKey",
  algorithm: "blastdoor-1",
};

function snapshotOf(state: object): Snapshot {
  const flag = {
    variants: { on: true, off: false },
    offVariant: "off",
    visibility: "server-only",
    seed: "f",
    state: { enabled: true, prerequisites: [], ...state },
  };
  const head = { minReader: 1, project: "bench", environment: "bench", epoch: 1, revision: 1 };
  return {
    ...head,
    flags: { flag },
    segments: {},
    layers: {},
    holdouts: {},
    keys: [],
    kills: [],
  } as unknown as Snapshot;
}
