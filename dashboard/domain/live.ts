import { answer, api } from "./api.ts";
import { openProject, project, refreshFlag, seenRevision } from "./project.ts";
import { loadSegments } from "./segment-store.ts";

const EVERY_MS = 3_000;
/** More changes than this at once: reading the whole list again is cheaper than its flags one by one. */
const ONE_BY_ONE = 20;

/** Follows what others change: one tiny question every few seconds while somebody looks, then only what changed. */
export function followChanges(): () => void {
  let busy = false;
  const look = async () => {
    const key = project.value?.key;
    if (busy || !key || document.hidden) return;
    busy = true;
    try {
      const { revision } = await answer(api.projects[":project"].$get({ param: { project: key } }));
      if (project.value?.key === key && revision > seenRevision.value) await catchUp(key, revision);
    } catch {
      // The next look may succeed. A change made meanwhile says why it fails.
    }
    busy = false;
  };
  const timer = setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
  };
}

async function catchUp(key: string, revision: number): Promise<void> {
  const after = seenRevision.value;
  if (revision - after > ONE_BY_ONE) return openProject(key);
  const query = { after: `${after}`, limit: `${ONE_BY_ONE}` };
  const { rows } = await answer(api.projects[":project"].audit.$get({ param: { project: key }, query }));
  // A page that holds large changes ends early.
  if ((rows.at(-1)?.revision ?? revision) < revision) return openProject(key);
  const changes = rows.flatMap((row) => row.changes);
  if (changes.some(({ entity }) => ["project", "environment", "layer", "holdout"].includes(entity)))
    return openProject(key);
  const changed = new Set<string>();
  for (const { entity, key: name, before, after: now } of changes) {
    if (entity === "flag" || entity === "state") changed.add(name);
    if (entity === "kill") changed.add(flagOfKill(now ?? before));
  }
  await Promise.all([...changed].map(refreshFlag));
  if (changes.some(({ entity }) => entity === "segment")) await loadSegments(key);
  seenRevision.value = revision;
}

const flagOfKill = (body: unknown): string =>
  typeof body === "object" && body !== null && "flag" in body ? String(body.flag) : "";
