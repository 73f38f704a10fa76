import { useSignal } from "@preact/signals";
import type { AuditRow } from "../../shared/schema/admin.ts";
import { Refusal } from "../api.ts";
import { allChanges } from "../history/history-row.tsx";
import type { Change } from "../words/change-words.ts";

/** How a change is sent: as a question or in earnest, and whether that it exposes hidden flags is meant. */
export interface Sending {
  readonly dryRun: boolean;
  readonly query: { acknowledge?: "exposes-hidden-flag" };
}

export type DryRun = ReturnType<typeof useDryRun>;

/** A change that is asked of the store first, so that people see what it would do before it does. */
export function useDryRun(send: (sending: Sending) => Promise<{ changes: readonly unknown[] }>) {
  const changes = useSignal<Change[] | null>(null);
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const acknowledged = useSignal(false);
  /** Whether it was not refused. */
  const ask = async (dryRun: boolean): Promise<boolean> => {
    busy.value = true;
    problem.value = null;
    try {
      const query = acknowledged.value ? ({ acknowledge: "exposes-hidden-flag" } as const) : {};
      const reply = await send({ dryRun, query });
      if (dryRun) changes.value = allChanges(reply.changes as AuditRow["changes"]);
      return true;
    } catch (error) {
      problem.value = error;
      return false;
    } finally {
      busy.value = false;
    }
  };
  return {
    changes: changes.value,
    problem: problem.value,
    ready: !busy.value && changes.value !== null && changes.value.length > 0,
    /** It was refused, and only because it exposes hidden flags. */
    exposes: problem.value instanceof Refusal && problem.value.code === "exposes-hidden-flag",
    look: () => ask(true),
    carryOut: async () => changes.value !== null && changes.value.length > 0 && ask(false),
    acknowledge: () => {
      acknowledged.value = true;
      return ask(true);
    },
    forget: () => {
      changes.value = null;
      problem.value = null;
      acknowledged.value = false;
    },
  };
}
