import { flagDependencies } from "../../../../shared/evaluation/graph.ts";
import type { Change, ProjectView } from "../entities.ts";

/** Of more flags than this it is quicker to read every state once. */
const FEW_FLAGS = 10;

/** A flag that asks for another one, in prerequisites or rules. */
export interface Asker {
  readonly environment: string;
  readonly key: string;
}

/**
 * Who asks for a flag, as states stand before any changes.
 *
 * @param changes what the question is about: few flags are looked up one by one
 */
export function askersIn(
  view: ProjectView,
  changes: readonly Pick<Change, "key">[],
): (flag: string) => readonly Asker[] {
  const asking = (text: string) =>
    view
      .mentioning("state", text)
      .flatMap(({ environment, key, body }) => flagDependencies(body).map((asked) => ({ asked, environment, key })));
  if (new Set(changes.map(({ key }) => key)).size <= FEW_FLAGS) {
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
