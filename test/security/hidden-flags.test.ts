import { describe, expect, test } from "vitest";
import { compile } from "../../shared/evaluation/compile/compile.ts";
import { re2 } from "../../shared/evaluation/operators/regex/regex.ts";
import { evaluateFor, prepare } from "../../shared/evaluation/run/evaluate.ts";
import { snapshot as snapshotSchema } from "../../shared/schema/snapshot.ts";
import { ListMemory, listsNeeded } from "../../worker/evaluation/edge/list-memory.ts";
import { PROJECT } from "../../worker/testing/fake-sources.ts";

/*
 * A read of a long list takes milliseconds. Which lists an evaluation reads must not tell the holder of a client key
 * whether a flag that they may not know of exists.
 */

const NOW = Date.parse("2026-11-30T12:00:00Z");

/** A flag of each visibility, each with a long list of its own. */
const compiled = compile(
  snapshotSchema.parse({
    minReader: 1,
    project: "shop",
    environment: "production",
    epoch: 1,
    revision: 1,
    flags: Object.fromEntries(
      (["public", "targeted", "server-only"] as const).map((visibility) => [
        visibility,
        {
          variants: { on: true, off: false },
          offVariant: "off",
          visibility,
          seed: visibility,
          state: {
            enabled: true,
            rules: [{ id: "listed", when: { segment: visibility }, serve: { variant: "on" } }],
            fallthrough: { variant: "off" },
          },
        },
      ]),
    ),
    segments: Object.fromEntries(
      ["public", "targeted", "server-only"].map((name) => [
        name,
        {
          by: "targetingKey",
          included: [],
          excluded: [],
          list: { version: "1-1", key: "0".repeat(32), count: 1, shards: ["1-1"] },
        },
      ]),
    ),
    layers: {},
    holdouts: {},
    keys: [],
    kills: [],
  }),
  re2,
);

/** The shards that a first evaluation in an isolate reads. */
async function readsOf(audience: "client" | "server", flag?: string): Promise<string[]> {
  const reads: string[] = [];
  const memory = new ListMemory({
    now: () => NOW,
    wait: (ms) => new Promise((done) => setTimeout(done, ms)),
    kvShard: async (key) => {
      reads.push(key);
      return new ArrayBuffer(0);
    },
    storeShard: async () => null,
    report: () => {},
  });
  await memory.memberships(PROJECT, listsNeeded(compiled, audience, flag), { targetingKey: "u1" }, () => {}, 20);
  return reads.map((key) => key.split("/")[2] as string);
}

describe("an evaluation of one flag with a client key reads the same lists", () => {
  test.each(["targeted", "server-only", "unknown", "toString", ""])("whether the flag is %s", async (flag) => {
    expect(await readsOf("client", flag)).toEqual(["targeted"]);
  });

  test("and of a public flag, which is no secret, its own", async () => {
    expect(await readsOf("client", "public")).toEqual(["public"]);
  });

  test("in all flags at once, those of all, for each kind of key", async () => {
    expect(await readsOf("client")).toEqual(await readsOf("server"));
  });
});

test.each([
  ["targeted", ["targeted"]],
  ["server-only", ["server-only"]],
  ["unknown", []],
])("a server key, which sees everything, reads what the flag needs: %s", async (flag, lists) => {
  expect(await readsOf("server", flag)).toEqual(lists);
});

test("a server-only flag is not evaluated for a client key at all", () => {
  const asked: string[] = [];
  const memberships = {
    get: (segment: string) => {
      asked.push(segment);
      return true;
    },
  } as unknown as ReadonlyMap<string, boolean>;
  const subject = () => prepare(compiled, { targetingKey: "u1" }, NOW, memberships);
  expect(evaluateFor(compiled, "server-only", subject(), "client")).toBeUndefined();
  expect(evaluateFor(compiled, "unknown", subject(), "client")).toBeUndefined();
  expect(asked).toEqual([]);
  expect(evaluateFor(compiled, "server-only", subject(), "server")?.variant).toBe("on");
  expect(evaluateFor(compiled, "targeted", subject(), "client")?.variant).toBe("on");
  expect(asked).toEqual(["server-only", "targeted"]);
});
