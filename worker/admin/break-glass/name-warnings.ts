import { z } from "zod";
import { ownOf } from "../../../shared/own.ts";
import type { Kill } from "../../../shared/schema/snapshot.ts";

export const warning = z.object({ code: z.string(), message: z.string() }).meta({ id: "BreakGlassWarning" });
export type Warning = z.infer<typeof warning>;

interface Pressed {
  readonly project: string;
  readonly environment: string;
  readonly kill: Kill;
}

type Flags = ReadonlyMap<string, { readonly variants: Readonly<Record<string, unknown>> }>;

/**
 * What may be wrong with the names of a kill, as far as an edge knows them. Its knowledge may be old, and an emergency
 * is no time to argue: nothing here refuses a kill.
 */
export function doubts({ project, environment, kill }: Pressed, known: Flags | "missing" | "unreachable"): Warning[] {
  if (known === "unreachable")
    return one("not-checked", `This edge knows nothing of ${project}/${environment}, so no name was checked`);
  if (known === "missing") return one("environment-not-found", `There is no environment ${project}/${environment}`);
  const flag = known.get(kill.flag);
  if (!flag) return one("flag-not-found", `There is no flag "${kill.flag}" in ${project}/${environment}`);
  const unknown = [kill.variant, kill.serve].filter((name) => name != null && ownOf(flag.variants, name) === undefined);
  return [...new Set(unknown)].flatMap((name) =>
    one("variant-not-found", `The flag "${kill.flag}" has no variant "${name}"`),
  );
}

const one = (code: string, message: string): Warning[] => [
  { code, message: `${message}. The kill is written all the same; look at the names.` },
];
