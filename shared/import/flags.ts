import { flagDependencies, tangled } from "../evaluation/graph.ts";
import type { FlagDefinition, FlagState, FlagStateInput } from "../schema/flag.ts";
import type { TranslatedFlag } from "./model.ts";
import type { Told } from "./told.ts";
import type { Variants } from "./variants.ts";

/** A flag whose prerequisites are not looked at yet. */
export interface Pending {
  readonly key: string;
  readonly told: Told;
  /** Left out where it is refused. */
  readonly flag?: FlagDefinition;
  readonly state: FlagStateInput;
}

/** A value that is never served, for flags that never have any. */
const NOTHING: FlagDefinition["variants"] = { none: false };

/** The definition of a flag with these variants; nothing where no flag can hold them. */
export function definitionOf(
  told: Told,
  path: string,
  variants: Variants,
  purpose: "release" | "experiment" = "release",
  offVariant: string | null = null,
): { flag?: FlagDefinition } {
  const isEmpty = Object.keys(variants.values).length === 0;
  const values = isEmpty ? NOTHING : variants.values;
  if (Object.values(values).includes(null)) {
    told.refuse(path, "null is no value of a flag");
    return {};
  }
  // JSON holds values of different types.
  const type = isEmpty ? "boolean" : (variants.type ?? "json");
  return {
    flag: {
      type,
      purpose,
      variants: values,
      offVariant,
      visibility: "server-only",
      description: "",
      owner: "",
      tags: [],
    },
  };
}

/** Refuses what depends on itself, or on a flag that is refused or is not there. */
export function closeDependencies(pending: readonly Pending[]): TranslatedFlag[] {
  const byKey = new Map(pending.map((one) => [one.key, one]));
  const asks = new Map(pending.map(({ key, state }) => [key, flagDependencies(state as FlagState)]));
  for (const key of tangled(byKey.keys(), (one) => asks.get(one) ?? []))
    byKey.get(key)?.told.refuse(key, "its prerequisites run in a circle, or are nested too deep");
  for (let isOpen = true; isOpen; ) {
    isOpen = false;
    for (const { key, told } of pending) {
      if (told.refused) continue;
      const lost = asks.get(key)?.find((other) => byKey.get(other)?.told.refused ?? true);
      if (lost === undefined) continue;
      told.refuse(key, `it depends on "${lost}", which is not imported`);
      isOpen = true;
    }
  }
  return pending.map(({ key, told, flag, state }) => ({
    key,
    status: told.status,
    reasons: told.reasons,
    ...(told.refused || !flag ? {} : { flag, state }),
  }));
}
