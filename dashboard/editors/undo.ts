import { answer, api } from "../domain/api.ts";
import { openProject } from "../domain/project.ts";
import { loadSegments } from "../domain/segment-store.ts";
import { type ToastAction, tell } from "../ui/toasts.tsx";

/** The same for the latest change of a flag or segment, where the answer to the change does not name its revision. */
export async function undoingLatest(project: string, key: string): Promise<ToastAction | undefined> {
  try {
    const query = { flag: key, limit: "1" };
    const { rows } = await answer(api.projects[":project"].audit.search.$get({ param: { project }, query } as never));
    return undoing(
      project,
      (rows as unknown as { revision: number }[]).map(({ revision }) => revision),
    );
  } catch {
    // It is done all the same; the history can still undo it.
    return undefined;
  }
}

/** What takes back revisions just made, the latest first, each alone: what others changed meanwhile stays. */
export function undoing(project: string, revisions: readonly number[]): ToastAction | undefined {
  const made = revisions.filter((revision) => revision > 0).sort((a, b) => b - a);
  if (made.length === 0) return undefined;
  return {
    label: "Undo",
    act: async () => {
      for (const revision of made)
        await answer(
          api.projects[":project"].audit.undo.$post({
            param: { project },
            query: {},
            header: {},
            json: { revision, comment: "Undone" },
          }),
        );
      await Promise.all([openProject(project), loadSegments(project)]);
      tell("Undone");
    },
  };
}
