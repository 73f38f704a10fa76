import type { SecurityKind, SecurityRow } from "../../../shared/schema/security-log.ts";
import { exactly } from "./time-words.ts";

/** What happened, as a heading of a row and as a filter. */
export const SECURITY_WORDS: Record<SecurityKind, string> = {
  "sign-in": "Signed in",
  "sign-in.failed": "Failed sign-ins",
  "sign-in-link.created": "Sign-in link created",
  "session.ended": "Session ended",
  "token.created": "Access token created",
  "token.rotated": "Access token rotated",
  "token.revoked": "Access token revoked",
  "token.expiry-changed": "Expiry of an access token changed",
  "token.expiring": "Access token expires soon",
  "token.expired": "Access token expired",
  "role.changed": "Role changed",
  "key.created": "SDK key created",
  "key.rotated": "SDK key rotated",
  "key.revoked": "SDK key revoked",
  "key.changed": "SDK key changed",
  "key.expiring": "SDK key expires soon",
  "key.expired": "SDK key expired",
  "signing-key.created": "Signing key created",
  "signing-key.revoked": "Signing key revoked",
  "trigger.created": "Kill trigger created",
  "trigger.deleted": "Kill trigger deleted",
  "preview.created": "Preview link created",
  "break-glass.pressed": "Break-glass kill",
  "break-glass.lifted": "Break-glass kill lifted",
  "backup.taken": "Backup taken",
  "backup.restored": "Backup restored",
  "export.taken": "Export taken",
  "setting.changed": "Setting changed",
};

const ALARMING: ReadonlySet<SecurityKind> = new Set([
  "sign-in.failed",
  "break-glass.pressed",
  "backup.restored",
  "token.expiring",
  "key.expiring",
]);
export const securityTone = (kind: SecurityKind): string => (ALARMING.has(kind) ? "tone-part" : "tone-off");

const INSTANT = /^\d{4}-\d\d-\d\dT/;

/** The details of a row, each with its name. */
export function securityDetails({ subject, environment, details }: SecurityRow): [name: string, value: string][] {
  const named: [string, string | number | boolean][] = Object.entries(details).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
    value,
  ]);
  const all: [string, string | number | boolean][] = [
    ...(environment === undefined ? [] : [["environment", environment] as [string, string]]),
    ...(subject === undefined ? [] : [["subject", subject] as [string, string]]),
    ...named,
  ];
  return all.map(([name, value]) => [name, INSTANT.test(String(value)) ? exactly(String(value)) : String(value)]);
}
