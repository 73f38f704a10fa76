import type { EventType } from "../../../shared/schema/webhook.ts";

/** What a webhook may hear of, in the order in which the form offers it. */
export const EVENT_WORDS: Record<EventType, string> = {
  "flag.killed": "A flag is killed",
  "flag.restored": "A flag is restored",
  "guard.breached": "A guard is breached",
  "plan.waiting": "A release waits for a person",
  "test.reached-sample": "A test has its sample",
  "schedule.applied": "A scheduled change is made",
  "schedule.failed": "A scheduled change fails",
  "budget.warning": "The month's budget runs out",
  "drill.failed": "The kill drill fails",
  "key.expiring": "An SDK key expires soon",
  "key.expired": "An SDK key has expired",
  "deployment.rollback-requested": "A guard's kill asks to roll the deployment back",
  "flag.changed": "A flag is changed",
};
/** What most people want to hear of: not every change, nor what only a pipeline acts on. */
export const USUAL_EVENTS: readonly EventType[] = (Object.keys(EVENT_WORDS) as EventType[]).filter(
  (type) => type !== "flag.changed" && type !== "deployment.rollback-requested",
);
