import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, Refusal } from "../../domain/api.ts";
import type { SegmentView } from "../../domain/segment-store.ts";

/** What stands before the names in the server's words. */
const BEFORE_NAMES = /^Change these first: /;

/** What uses a segment, in the server's words; empty: nothing; null until that is known. */
export function useSegmentUsers(project: string, segment: SegmentView | null): string[] | null {
  const users = useSignal<string[] | null>(segment ? null : []);
  useEffect(() => {
    if (!segment) return;
    const param = { project, segment: segment.key };
    // Deleting it is asked of the store, which names what stands against that, and not done. Whatever the version: what
    // uses it is the same for each.
    api.projects[":project"].segments[":segment"].$delete({ param, header: {}, query: { dryRun: "true" } }).then(
      () => {
        users.value = [];
      },
      (error) => {
        if (!(error instanceof Refusal) || error.code !== "in-use") return;
        users.value = (error.detail ?? "").replace(BEFORE_NAMES, "").replace(/\.$/, "").split(", ");
      },
    );
  }, [project, segment?.key, segment?.version]);
  return users.value;
}
