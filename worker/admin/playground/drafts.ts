import type { Slug } from "../../../shared/schema/names.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import type { Env } from "../../env.ts";
import { ReadBudget } from "../../objects/kernel/admission.ts";
import { flagStore } from "../../objects/stubs.ts";

/** Environments that an isolate keeps, and flags that one may have for it: memory is short. */
const KEPT = 2;
const MOST_FLAGS = 3_000;
/**
 * Flags of kept drafts that may be gone over a second, all of an isolate's projects together: what is not asked of the
 * store is not charged there. Ten looks at a thousand flags take the thread some tenths of a second.
 */
export const KEPT_FLAGS_PER_S = 10_000;
export const KEPT_FLAGS_AT_ONCE = 40_000;

/** Plain data, which requests of one isolate may share. */
const kept = new Map<string, Snapshot>();
const budget = new ReadBudget(KEPT_FLAGS_PER_S, KEPT_FLAGS_AT_ONCE);

/**
 * An environment as it stands, published or not; null: there is none. A person who types a context asks at each keystroke, so
 * the store is asked for its revision first, and for the whole only when that has moved on.
 */
export async function draftOf(env: Env, project: Slug, environment: Slug): Promise<Snapshot | null> {
  const store = flagStore(env, project);
  const place = `${project}/${environment}`;
  const known = kept.get(place);
  // Beyond the budget the store is asked, which charges the project for it.
  if (known && budget.hasRoom(Date.now())) {
    const now = await store.getProject();
    if (now?.revision === known.revision && now.epoch === known.epoch) {
      budget.charge(Object.keys(known.flags).length);
      return known;
    }
    kept.delete(place);
  }
  const draft = await store.draft(environment);
  if (!draft || Object.keys(draft.flags).length > MOST_FLAGS) return draft;
  kept.set(place, draft);
  for (const oldest of kept.keys()) if (kept.size > KEPT) kept.delete(oldest);
  return draft;
}
