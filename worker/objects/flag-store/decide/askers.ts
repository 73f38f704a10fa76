import { flagDependencies } from "../../../../shared/evaluation/graph.ts";
import type { ProjectView } from "../entities.ts";

/** Changes of more documents than this ask about so many flags that reading every state once is quicker. */
const FEW_CHANGES = 50;

/** A flag that asks for another one, in prerequisites or rules. */
export interface Asker {
  readonly environment: string;
  readonly key: string;
}

/**
 * Who asks for a flag, as states stand before any changes.
 *
 * @param changes how many documents the question is about: few are looked up one by one
 */
export function askersIn(view: ProjectView, changes: number): (flag: string) => readonly Asker[] {
  const asking = (text: string) =>
    view
      .mentioning("state", text)
      .flatMap(({ environment, key, body }) => flagDependencies(body).map((asked) => ({ asked, environment, key })));
  if (changes <= FEW_CHANGES) {
    const known = new Map<string, Asker[]>();
    return (flag) => {
      const found = known.get(flag) ?? asking(`"flag":"${flag}"`).filter(({ asked }) => asked === flag);
      known.set(flag, found);
      return found;
    };
  }
  let all: Map<string, Asker[]> | null = null;
  return (flag) => {
    all ??= Map.groupBy(asking('"flag":"'), ({ asked }) => asked);
    return all.get(flag) ?? [];
  };
}
