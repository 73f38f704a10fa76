import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { GuardDefinition, GuardStatus } from "../../shared/schema/guard.ts";
import { api } from "./api.ts";
import { type GuardPlace, readGuard } from "./guard-store.ts";

const routes = api.projects[":project"].environments[":environment"].flags[":flag"].guard;

/** How often an active guard is read (ms). */
const EVERY_MS = 3_000;

/** What guards a flag: null when nothing does, undefined before it is known. Read again when `stamp` changes. */
export function useGuardStatus(place: GuardPlace, stamp: string, failed: (error: unknown) => void) {
  const status = useSignal<GuardStatus | null | undefined>(undefined);
  const read = async () => {
    try {
      status.value = await readGuard(place);
    } catch (error) {
      failed(error);
    }
  };
  useEffect(() => {
    void read();
    const timer = setInterval(() => {
      if (!document.hidden && (status.value?.guard || status.value?.watch?.active)) void read();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [stamp]);
  return { status: status.value, read };
}

export const putGuard = (param: GuardPlace, json: Pick<GuardDefinition, "metrics" | "onBreach">) =>
  routes.$put({ param, header: {}, json });
export const deleteGuard = (param: GuardPlace) => routes.$delete({ param, header: {} });
