import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { AuditRow } from "../../shared/schema/admin.ts";
import { allChanges, type Change } from "../domain/words/change-words.ts";
import { type Acknowledgement, exposesHiddenFlag, MEANT, NOT_SAID } from "./exposure.ts";

/** How a change is sent: as a question or in earnest, and whether exposing hidden flags is meant. */
export interface Sending {
  readonly dryRun: boolean;
  readonly query: Acknowledgement;
}

export type DryRun = ReturnType<typeof useDryRun>;

/** What the store answers: what changes, or would, and the revision that this is. */
interface DryRunReply {
  changes: readonly unknown[];
  revision: number;
}

/** A change that is asked of the store first, so that people see what it would do before it does. */
export function useDryRun(send: (sending: Sending) => Promise<DryRunReply>) {
  const changes = useSignal<Change[] | null>(null);
  const problem = useSignal<unknown>(null);
  const busy = useSignal<"looking" | "doing" | null>(null);
  const acknowledged = useSignal(false);
  /** Counts up with each question, so that an answer that was overtaken is dropped. */
  const turn = useRef(0);
  const ask = async (what: "looking" | "doing", then?: (reply: DryRunReply) => Promise<void>): Promise<void> => {
    turn.current++;
    const mine = turn.current;
    const isCurrent = () => mine === turn.current;
    busy.value = what;
    problem.value = null;
    try {
      const query = acknowledged.value ? MEANT : NOT_SAID;
      const reply = await send({ dryRun: what === "looking", query });
      if (what === "looking" && isCurrent()) changes.value = allChanges(reply.changes as AuditRow["changes"]);
      await then?.(reply);
    } catch (error) {
      if (isCurrent()) problem.value = error;
    }
    if (isCurrent()) busy.value = null;
  };
  const forget = () => {
    turn.current++;
    changes.value = null;
    problem.value = null;
    busy.value = null;
    acknowledged.value = false;
  };
  return {
    changes: changes.value,
    problem: problem.value,
    ready: busy.value === null && changes.value !== null && changes.value.length > 0,
    /** It is being carried out: too late to go away. */
    doing: busy.value === "doing",
    /** It was refused, and only because it exposes hidden flags. */
    exposes: exposesHiddenFlag(problem.value),
    look: () => ask("looking"),
    /** @param then what belongs to it, while the dialog still waits */
    carryOut: async (then: (reply: DryRunReply) => Promise<void>) => {
      if (busy.value === null && changes.value !== null && changes.value.length > 0) await ask("doing", then);
    },
    acknowledge: () => {
      acknowledged.value = true;
      return ask("looking");
    },
    forget,
  };
}

export const changesWords = (count: number): string => (count === 1 ? "1 change" : `${count} changes`);
