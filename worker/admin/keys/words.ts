import type { AuditBody, AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: { key: { name: "the key", change: changeWords } },
  actions: {
    rotateKey: "rotated the key",
    warnOfKeyExpiry: "warned of the expiry of the key",
    expireKey: "ended the expired key",
  },
};

function changeWords(before: AuditBody, after: AuditBody): string | null {
  if (after === null) return "revoked the key";
  if (before === null || JSON.stringify(before.signing) === JSON.stringify(after.signing)) return null;
  return "changed what has to be signed for the key";
}
