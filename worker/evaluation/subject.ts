import { type Audience, prepare, type Subject } from "../../shared/evaluation/run/evaluate.ts";
import type { Env } from "../env.ts";
import { isolateLists, LIST_DEADLINE_MS, listsNeeded } from "./edge/list-memory.ts";
import type { Loaded } from "./edge/loaded.ts";

/** The context with the long lists that the flag, or any flag, needs: in memory, else one read with a deadline. */
export function listedSubject(
  env: Env,
  { compiled, project }: Loaded,
  context: Record<string, unknown>,
  now: number,
  audience: Audience,
  waitUntil: (work: Promise<unknown>) => void,
  flag?: string,
): Subject | Promise<Subject> {
  if (compiled.lists.length === 0) return prepare(compiled, context, now);
  const lists = listsNeeded(compiled, audience, flag);
  const listed = isolateLists(env).memberships(project, lists, context, waitUntil, LIST_DEADLINE_MS);
  if (!(listed instanceof Promise)) return prepare(compiled, context, now, listed);
  return listed.then((memberships) => prepare(compiled, context, now, memberships));
}
