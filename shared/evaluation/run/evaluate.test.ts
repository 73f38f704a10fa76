import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { Snapshot } from "../../schema/snapshot.ts";
import { applyKills, type CompiledSnapshot, compile, staleKills } from "../compile/compile.ts";
import { explain } from "../explain/explain.ts";
import { re2 } from "../operators/regex/regex.ts";
import { anyContext, anyKill, anyMemberships, anySnapshot, FLAGS, NOW } from "../testing/arbitraries.ts";
import { evaluate, evaluateAll, type Outcome, prepare, type Subject, visibleTo } from "./evaluate.ts";
import { MAX_STAMP } from "./subject.ts";

// Thousands of random cases on a busy machine: slow is not wrong.
vi.setConfig({ testTimeout: 60_000 });

const RUNS = { numRuns: 1_000 };
const KILL = { id: "k", serve: "blue" };
const plain = ({ key, variant, value, reason, cause, ruleId }: Outcome) => ({
  key,
  variant,
  value,
  reason,
  cause,
  ruleId,
});

function all(compiled: CompiledSnapshot, subject: Subject): Outcome[] {
  return [...compiled.flags.keys()].map((key) => evaluate(compiled, key, subject) as Outcome);
}

function outcomes(snapshot: Snapshot, context: unknown, memberships?: ReadonlyMap<string, boolean>) {
  const compiled = compile(snapshot, re2);
  return all(compiled, prepare(compiled, context, NOW, memberships)).map(plain);
}

describe("laws of evaluation", () => {
  test("compiled and plain interpretation agree, kills and memberships included", () => {
    fc.assert(
      fc.property(anySnapshot, fc.array(anyContext, { maxLength: 4 }), anyMemberships, (snapshot, contexts, known) => {
        const compiled = compile(snapshot, re2);
        for (const context of contexts) {
          const explained = explain(snapshot, snapshot.kills, context, NOW, re2, known);
          const got = all(compiled, prepare(compiled, context, NOW, known)).map(plain);
          expect(got).toEqual(explained.map(({ trace: _, ...rest }) => ({ value: undefined, ...rest })));
          expect(JSON.parse(JSON.stringify(explained))).toEqual(explained);
        }
      }),
      RUNS,
    );
  });

  test("a kill of any flag turns nothing on: every other flag keeps its result or is off", () => {
    fc.assert(
      fc.property(anySnapshot, anyContext, anyKill, (snapshot, context, kill) => {
        const before = outcomes(snapshot, context);
        const after = outcomes({ ...snapshot, kills: [...snapshot.kills, kill] }, context);
        for (const [index, was] of before.entries()) {
          if (was.key === kill.flag || after[index]?.variant === was.variant) continue;
          const flag = snapshot.flags[was.key] as Snapshot["flags"][string];
          const disabled = { ...flag, state: { ...flag.state, enabled: false } };
          const off = outcomes({ ...snapshot, flags: { ...snapshot.flags, [was.key]: disabled } }, context);
          expect(after[index]?.variant).toBe(off[index]?.variant);
        }
      }),
      RUNS,
    );
  });

  test("a killed flag serves what its kill says, whatever the state beneath it", () => {
    fc.assert(
      fc.property(anySnapshot, anyContext, fc.constantFrom("off", "on", "blue"), (snapshot, context, serve) => {
        const kill = { id: "k", flag: "f0", serve, revision: 9 };
        const [killed] = outcomes({ ...snapshot, kills: [kill] }, context);
        expect(killed).toMatchObject({ variant: serve, reason: "DISABLED", cause: "killed" });
      }),
    );
  });

  test("a kill of one variant changes nobody who would not get it", () => {
    fc.assert(
      fc.property(anySnapshot, anyContext, (snapshot, context) => {
        const [before] = outcomes({ ...snapshot, kills: [] }, context);
        const kill = { id: "k", flag: "f0", variant: "on", serve: "blue", revision: 9 };
        const [after] = outcomes({ ...snapshot, kills: [kill] }, context);
        expect(after?.variant).toBe(before?.variant === "on" ? "blue" : before?.variant);
      }),
      RUNS,
    );
  });

  test("no kill leads on through a variant that the flag does not have", () => {
    fc.assert(
      fc.property(anySnapshot, anyContext, (snapshot, context) => {
        const kill = (serve: string, variant?: string) => ({ id: "k", flag: "f0", serve, revision: 9, variant });
        for (const first of [kill("gone"), kill("gone", "on"), kill("gone", "off")]) {
          const kills = [first, kill("blue", "gone")];
          const [killed] = outcomes({ ...snapshot, kills }, context);
          expect(killed?.variant).toBe(explain(snapshot, kills, context, NOW, re2, undefined)[0]?.variant);
          if (killed?.cause === "killed") expect(killed.variant).toBeNull();
        }
      }),
      { numRuns: 200 },
    );
  });

  test("replacing kills equals compiling with them, whatever was in force and remembered before", () => {
    fc.assert(
      fc.property(anySnapshot, fc.array(fc.array(anyKill)), anyContext, (snapshot, series, context) => {
        const compiled = compile(snapshot, re2);
        const subject = prepare(compiled, context, NOW);
        for (const kills of series) {
          all(compiled, subject);
          applyKills(compiled, kills);
          expect(all(compiled, subject).map(plain)).toEqual(outcomes({ ...snapshot, kills }, context));
        }
      }),
    );
  });

  test("changing one flag changes no flag that does not depend on it", () => {
    fc.assert(
      fc.property(anySnapshot, anySnapshot, anyContext, (snapshot, other, context) => {
        const dependants = new Set(["f0"]);
        for (let size = 0; size < dependants.size; ) {
          size = dependants.size;
          for (const [key, flag] of Object.entries(snapshot.flags)) {
            if ([...dependants].some((one) => JSON.stringify(flag.state).includes(`"flag":"${one}"`)))
              dependants.add(key);
          }
        }
        const changed = { ...snapshot, flags: { ...snapshot.flags, f0: other.flags.f0 as Snapshot["flags"][string] } };
        const independent = (one: { key: string }) => !dependants.has(one.key);
        expect(outcomes(changed, context).filter(independent)).toEqual(outcomes(snapshot, context).filter(independent));
      }),
    );
  });

  test("subjects alive at the same time do not disturb each other, nor does one of another snapshot", () => {
    fc.assert(
      fc.property(anySnapshot, anySnapshot, anyContext, anyContext, (snapshot, other, one, two) => {
        const compiled = compile(snapshot, re2);
        const subjects = [one, two].map((context) => prepare(compiled, context, NOW));
        const stranger = prepare(compile(other, re2), two, NOW);
        for (const key of FLAGS) {
          const shown = [...subjects, stranger].map((subject) => evaluate(compiled, key, subject)?.serverJson);
          const fresh = [one, two, two].map((c) => evaluate(compiled, key, prepare(compiled, c, NOW))?.serverJson);
          expect(shown).toEqual(fresh);
        }
      }),
    );
  });

  test("stamps that start again do not bring old answers back", () => {
    fc.assert(
      fc.property(anySnapshot, anyContext, anyContext, (snapshot, before, after) => {
        const compiled = compile(snapshot, re2);
        all(compiled, prepare(compiled, before, NOW));
        compiled.pool.stamp = MAX_STAMP;
        expect(all(compiled, prepare(compiled, after, NOW)).map(plain)).toEqual(outcomes(snapshot, after));
      }),
      RUNS,
    );
  });
});

describe("bulk answers", () => {
  test("hold exactly the visible flags' single answers, as valid JSON, in the order of keys", () => {
    fc.assert(
      fc.property(anySnapshot, anyContext, (snapshot, context) => {
        const compiled = compile(snapshot, re2);
        const subject = prepare(compiled, context, NOW);
        for (const audience of ["client", "server"] as const) {
          const visible = all(compiled, subject).filter((outcome) => visibleTo(outcome, audience));
          const fragments = visible.map((one) => (audience === "client" ? one.clientJson : one.serverJson));
          const { flags, etag } = evaluateAll(compiled, subject, audience);
          expect(flags).toBe(fragments.join(","));
          expect(etag).toMatch(/^[0-9a-f]{16}$/);
          expect(JSON.parse(`[${flags}]`).map((one: { key: string }) => one.key)).toEqual(visible.map((o) => o.key));
        }
      }),
    );
  });

  test("the ETag tells different bytes apart and equal bytes not, across snapshots and audiences", () => {
    const byEtag = new Map<string, string>();
    const byBytes = new Map<string, string>();
    fc.assert(
      fc.property(anySnapshot, anyContext, fc.constantFrom("client", "server"), (snapshot, context, audience) => {
        const compiled = compile(snapshot, re2);
        const { flags, etag } = evaluateAll(compiled, prepare(compiled, context, NOW), audience as "client");
        expect(byEtag.get(etag) ?? flags).toBe(flags);
        expect(byBytes.get(flags) ?? etag).toBe(etag);
        byEtag.set(etag, flags);
        byBytes.set(flags, etag);
      }),
      RUNS,
    );
  });

  test("hold what single answers say in a long list of flags too, after any other user and any kill", () => {
    // Chunks of flags keep their text by combination of results; here some are met again, and some hold a kill.
    const many = fc
      .tuple(fc.array(anySnapshot, { minLength: 12, maxLength: 12 }), fc.array(anyContext))
      .map(([parts, contexts]): [Snapshot, unknown[]] => {
        const flags = parts.flatMap((part, number) =>
          Object.entries(part.flags).map(([key, flag]) => [`${key}-${number}`, flag] as const),
        );
        return [{ ...(parts[0] as Snapshot), flags: Object.fromEntries(flags), kills: [] }, contexts];
      });
    fc.assert(
      fc.property(many, fc.array(fc.nat()), ([snapshot, contexts], hit) => {
        const compiled = compile(snapshot, re2);
        const keys = Object.keys(snapshot.flags);
        const kills = hit.map((one) => ({ ...KILL, flag: keys[one % keys.length] as string, revision: one }));
        for (const inForce of [[], kills, []]) {
          applyKills(compiled, inForce);
          const fresh = compile({ ...snapshot, kills: inForce }, re2);
          for (const context of [...contexts, ...contexts]) {
            const subject = prepare(compiled, context, NOW);
            const visible = all(compiled, subject).filter((outcome) => visibleTo(outcome, "client"));
            const bulk = evaluateAll(compiled, subject, "client");
            expect(bulk.flags).toBe(visible.map((one) => one.clientJson).join(","));
            expect(bulk).toEqual(evaluateAll(fresh, prepare(fresh, context, NOW), "client"));
            const server = evaluateAll(compiled, subject, "server");
            expect(server.flags).toBe(
              all(compiled, subject)
                .map((one) => one.serverJson)
                .join(","),
            );
          }
        }
      }),
    );
  });

  test("client keys see neither server-only flags, nor targeted ones that are off, nor rule ids, nor metadata", () => {
    fc.assert(
      fc.property(anySnapshot, anyContext, (snapshot, context) => {
        const compiled = compile(snapshot, re2);
        const { flags } = evaluateAll(compiled, prepare(compiled, context, NOW), "client");
        for (const seen of JSON.parse(`[${flags}]`)) {
          const flag = snapshot.flags[seen.key] as Snapshot["flags"][string];
          expect(flag.visibility).not.toBe("server-only");
          for (const name of Object.keys(seen)) expect(["key", "value", "reason", "variant"]).toContain(name);
          if (flag.visibility !== "targeted") continue;
          expect([undefined, flag.offVariant]).not.toContain(seen.variant);
          expect(seen.reason).toBe("TARGETING_MATCH");
        }
      }),
    );
  });
});

test("stale knowledge kills the flags that asked for it, at their own age", () => {
  const flag = (onStale: object | undefined, killVariant?: string | null) => ({
    variants: { on: true, off: false, blue: false },
    offVariant: "off",
    visibility: "public" as const,
    seed: "s",
    state: {
      enabled: true,
      prerequisites: [],
      rules: [],
      fallthrough: { variant: "on" },
      killVariant,
      onStale: onStale as Snapshot["flags"][string]["state"]["onStale"],
    },
  });
  const flags = {
    keeps: flag({ action: "keep", afterSeconds: 5 }),
    late: flag({ action: "killVariant", afterSeconds: 60 }, "blue"),
    none: flag(undefined),
    soon: flag({ action: "killVariant", afterSeconds: 5 }),
  };
  const head = { minReader: 1, project: "p", environment: "e", epoch: 1, revision: 7, keys: [], kills: [] };
  const compiled = compile({ ...head, flags, segments: {}, layers: {}, holdouts: {} }, re2);
  const at = (age: number) => staleKills(compiled, age).map((kill) => [kill.flag, kill.serve]);
  expect(at(4.9)).toEqual([]);
  expect(at(5)).toEqual([["soon", "off"]]);
  expect(at(60)).toEqual([
    ["soon", "off"],
    ["late", "blue"],
  ]);
  applyKills(compiled, staleKills(compiled, 60));
  expect(evaluate(compiled, "late", prepare(compiled, {}, NOW))).toMatchObject({ variant: "blue", cause: "killed" });
});
