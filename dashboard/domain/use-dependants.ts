import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { answer, api } from "./api.ts";
import { seenRevision } from "./project.ts";

export interface Dependants {
  /** All flags that a kill of this one switches off too. */
  all: readonly string[];
  /** Those of them that name it themselves. */
  direct: readonly string[];
}

/** Flags that depend on one in an environment; nothing waits for them, and null until they are known. */
export function useDependants(project: string, environment: string, flag: string): Dependants | null {
  const known = useSignal<Dependants | null>(null);
  useEffect(() => {
    known.value = null;
    let isCurrent = true;
    const param = { project, environment, flag };
    answer(api.projects[":project"].environments[":environment"].flags[":flag"].dependants.$get({ param })).then(
      ({ flags, direct }) => {
        if (isCurrent) known.value = { all: flags, direct };
      },
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [project, environment, flag, seenRevision.value]);
  return known.value;
}
