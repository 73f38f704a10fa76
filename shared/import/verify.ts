import { compile } from "../evaluation/compile/compile.ts";
import { dialects } from "../evaluation/dialects/dialects.ts";
import { re2 } from "../evaluation/operators/regex/regex.ts";
import { evaluate, prepare } from "../evaluation/run/evaluate.ts";
import { flagState } from "../schema/flag.ts";
import { type Snapshot, type SnapshotFlag, snapshot as snapshotSchema } from "../schema/snapshot.ts";
import type { Translation } from "./model.ts";

/** A translation as an edge would hold it. */
export function snapshotOf({ flags, segments }: Translation): Snapshot {
  const made: Record<string, SnapshotFlag> = {};
  for (const { key, flag, state } of flags) {
    if (!flag || !state) continue;
    const { variants, offVariant, visibility, seed = key } = flag;
    made[key] = {
      variants,
      offVariant,
      visibility,
      seed,
      state: flagState.parse({ fallthrough: { variant: offVariant }, ...state }),
    };
  }
  return snapshotSchema.parse({
    minReader: 1,
    project: "import",
    environment: "import",
    epoch: 1,
    revision: 1,
    flags: made,
    segments: Object.fromEntries(
      segments.flatMap(({ key, segment }) => {
        if (!segment) return [];
        const { by, included, excluded, when } = segment;
        return [[key, { by, included, excluded, ...(when && { when }) }]];
      }),
    ),
    layers: {},
    holdouts: {},
    keys: [],
    kills: [],
  });
}

/** Answers as an edge gives them: the value, and undefined for the caller's default. */
export function answersOf(translation: Translation): (flag: string, context: object, now: number) => unknown {
  const compiled = compile(snapshotOf(translation), re2, dialects);
  return (flag, context, now) => evaluate(compiled, flag, prepare(compiled, context, now))?.value;
}
