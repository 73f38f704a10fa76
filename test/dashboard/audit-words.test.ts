import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { actionWords, ENTITY_WORDS } from "../../dashboard/domain/words/audit-words.ts";
import { ENTITIES } from "../../worker/objects/flag-store/entities.ts";

type Body = Record<string, unknown> | null;

const actor = { type: "token", id: "tok", name: "Ada", role: "engineer" } as const;
const words = (entity: string, before: Body, after: Body, action = "put") =>
  actionWords({ action, actor, changes: [{ entity, environment: "", key: "k", before, after }] });

test("every kind of document has words for the history, beside its resource", () => {
  expect(Object.keys(ENTITY_WORDS).sort()).toEqual(Object.keys(ENTITIES).sort());
});

test("the dashboard loads the words of a resource, and no code of the Worker with them", () => {
  for (const file of Object.keys(import.meta.glob("../../worker/admin/*/words.ts", { eager: true, import: "words" }))) {
    const text = readFileSync(path.join(import.meta.dirname, file), "utf8");
    const imports = text.match(/^import .*$/gm) ?? [];
    expect(
      imports.filter((line) => !/^import type .* from ".*\/shared\/audit-words\.ts";$/.test(line)),
      file,
    ).toEqual([]);
  }
});

test("a document is made, changed or deleted, under the name that its resource gives it", () => {
  expect(words("segment", null, {})).toBe("made the segment");
  expect(words("planTemplate", {}, { name: "k" })).toBe("changed the plan template");
  expect(words("budget", {}, null)).toBe("deleted the budget");
  expect(words("plan", null, {})).toBe("made the release plan");
  expect(words("rateCard", null, {})).toBe("made the rateCard");
  expect(words("constructor", null, {})).toBe("made the constructor");
});

test("some changes and commands have words of their own", () => {
  expect(words("kill", null, { flag: "f" })).toBe("killed");
  expect(words("kill", { flag: "f" }, { flag: "f", clearedRevision: 3 })).toBe("restored");
  expect(words("state", { enabled: false, rules: [] }, { enabled: true, rules: [] })).toBe("switched on");
  expect(words("state", { enabled: true, rules: [] }, { enabled: false, rules: [1] })).toBe("changed");
  expect(words("flag", {}, { archivedAt: "2026-11-22T12:00:00Z" })).toBe("archived the flag");
  expect(words("flag", {}, null)).toBe("deleted the flag");
  expect(words("key", null, { name: "Shop" })).toBe("made the key");
  expect(words("key", {}, null)).toBe("revoked the key");
  expect(words("key", {}, { limit: {} })).toBe("changed the key");
  expect(words("key", {}, { signing: { require: "context" } })).toBe("changed what has to be signed for the key");
  expect(words("key", {}, { replacedBy: "key_2" }, "rotateKey")).toBe("rotated the key");
  expect(words("signingKey", { name: "Shop" }, null)).toBe("revoked the signing key");
  expect(words("plan", {}, {}, "startPlan")).toBe("started the release of");
  expect(words("flag", {}, {}, "revert")).toBe("put back an earlier version of");
  expect(actionWords({ action: "restoreBackup", actor, changes: [] })).toBe("restoreBackup");
});
