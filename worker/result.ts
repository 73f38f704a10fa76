import type { Role } from "../shared/schema/admin.ts";

/** One thing wrong with a field of a request. */
export interface FieldIssue {
  field: string;
  message: string;
}

/** Everything that administration refuses, with the data a person needs to mend it. */
export type Rejection =
  | { code: "project-not-found"; project: string }
  | { code: "environment-not-found"; environment: string }
  /** A document of a resource that has no code of its own: "rate card" is told as `rate-card-not-found`. */
  | { code: "document-not-found"; what: string; name: string }
  | { code: "flag-not-found"; flag: string }
  | { code: "flag-archived"; flag: string }
  | { code: "segment-not-found"; segment: string }
  | { code: "list-not-found"; segment: string }
  | { code: "layer-not-found"; layer: string }
  | { code: "holdout-not-found"; holdout: string }
  | { code: "key-not-found"; id: string }
  | { code: "token-not-found"; id: string }
  | { code: "schedule-not-found"; id: string }
  | { code: "nothing-to-approve"; flag: string }
  | { code: "guard-not-found"; flag: string; environment: string }
  | { code: "plan-not-found"; flag: string; environment: string }
  | { code: "plan-template-not-found"; template: string }
  | { code: "freeze-not-found"; freeze: string }
  | { code: "signing-key-not-found"; id: string }
  /** The plan is not where the command needs it to be. */
  | { code: "plan-state"; what: string; fix: string }
  | { code: "trigger-not-found"; id: string }
  | { code: "webhook-not-found"; id: string }
  | { code: "revision-not-found"; revision: number; latest: number }
  /** Too much has changed since. */
  | { code: "revision-too-far"; revision: number }
  | { code: "version-conflict"; what: string; expected: number; actual: number }
  | { code: "already-exists"; what: string; fix: string }
  | { code: "in-use"; what: string; by: string[] }
  | { code: "type-change"; flag: string; from: string; to: string }
  | { code: "cycle"; what: "flags" | "segments"; path: string[] }
  | { code: "exposes-hidden-flag"; flag: string; others?: string[]; hidden: string[] }
  | { code: "invalid"; issues: FieldIssue[] }
  /** `by`: what of the change counts most. */
  | { code: "limit-exceeded"; limit: string; max: number; actual: number; by?: string }
  /** `rights`: what each part of the change needs, where it is the change that is refused and not the command. */
  | {
      code: "forbidden";
      needs: string;
      has?: Role;
      /** Of somebody with other roles in single environments: where it is the role named. */
      heldIn?: string;
      /** `in`: the environment, "" for all of them, of somebody whose roles differ. */
      rights?: { needs: Role; field: string; what: string; in?: string }[];
    }
  /** What a schedule would undo. */
  | { code: "changed-since"; flag: string; fields: string[] }
  | { code: "idempotency-key-reused" }
  | { code: "already-done"; what: string }
  /** A change cannot be undone alone: what it changed was changed again. */
  | { code: "changed-again"; what: string; fields: string[] }
  | { code: "nothing-to-undo"; revision: number }
  | { code: "test-not-found"; flag: string; environment: string }
  | { code: "test-running"; flag: string }
  | { code: "layer-full"; asked: number; left: number; by: string[] }
  | { code: "claimed"; by: string }
  | { code: "not-claimed" }
  | { code: "request-not-found"; id: string }
  | { code: "sign-in-code-invalid" }
  | { code: "unauthenticated" }
  | { code: "session-not-found"; id: string };

export type Result<T> = { ok: true; value: T } | { ok: false; rejection: Rejection };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const reject = (rejection: Rejection): { ok: false; rejection: Rejection } => ({ ok: false, rejection });
