import type { FollowUpView } from "../../../shared/schema/follow-up.ts";
import type { Row } from "../../objects/flag-store/entities.ts";

/** The end (epoch ms) of the day (UTC) by which it is to be done. */
export const dueAt = (due: string): number => Date.parse(`${due}T00:00:00Z`) + 86_400_000;

export function followUpView({ key, environment, version, body }: Row<"followUp">, now = Date.now()): FollowUpView {
  const { done = null, doneBy = null, ...given } = body;
  return {
    id: key,
    environment,
    version,
    ...given,
    done,
    doneBy,
    overdue: done === null && dueAt(body.due) < now,
  };
}
