import { describe, expect, test } from "vitest";
import { FakeProject } from "../../../testing/fake-project.ts";
import { messagesOf, wants } from "./notices.ts";
import { securityActsOf } from "./security-acts.ts";

const DAY = 86_400_000;
const SYSTEM = { type: "system", id: "expiry", name: "Expiry date", role: "engineer" } as const;
const at = { environment: "production", id: "key_1" };
const next = { id: "key_2", hash: "1".repeat(64), hint: "efgh" };

function shop(daysLeft: number | null) {
  const project = FakeProject.with("production");
  const expiresAt = daysLeft === null ? {} : { expiresAt: new Date(project.now + daysLeft * DAY).toISOString() };
  const key = { kind: "server" as const, name: "CI", hash: "0".repeat(64), hint: "abcd", origins: [] };
  project.must({ type: "createKey", ...at, ...key, ...expiresAt });
  return project;
}
const bodyOf = (project: FakeProject, id = "key_1") => project.get("key", "production", id)?.body;
const rowOf = (action: string, changes: Parameters<typeof messagesOf>[1]["changes"]) => ({
  ...{ revision: 3, at: 0, actor: SYSTEM, action, comment: "", changes },
});

describe("a key that is about to expire", () => {
  test("is warned of once 7 days and once 1 day before, then goes; edges hear only of its end", () => {
    const project = shop(30);
    const warn = () => project.must({ type: "warnOfKeyExpiry", ...at }, { actor: SYSTEM });
    const end = () => project.must({ type: "expireKey", ...at }, { actor: SYSTEM });
    const told: unknown[] = [];
    for (const days of [23, 0, 6, 0]) {
      project.now += days * DAY;
      const { changes, publish } = warn();
      told.push([changes.length, publish.length, bodyOf(project)?.warned]);
      expect(end().changes).toEqual([]);
    }
    expect(told).toEqual([
      [1, 0, 7],
      [0, 0, 7],
      [1, 0, 1],
      [0, 0, 1],
    ]);
    project.now += DAY;
    expect(end().publish).toEqual(["production"]);
    expect(bodyOf(project)).toBeUndefined();
  });

  test("is told to webhooks of its environment, with its name and no secret", () => {
    const project = shop(7);
    project.must({ type: "setKeyExpiry", ...at, expiresAt: null });
    project.must({ type: "setKeyExpiry", ...at, expiresAt: new Date(project.now + 8 * DAY).toISOString() });
    project.now += DAY;
    const { changes } = project.must({ type: "warnOfKeyExpiry", ...at }, { actor: SYSTEM });
    const messages = messagesOf("shop", rowOf("warnOfKeyExpiry", changes));
    expect(messages.map(({ type, data }) => [type, data.environment, data.key?.id, data.key?.name])).toEqual([
      ["key.expiring", "production", "key_1", "CI"],
    ]);
    expect(JSON.stringify(messages)).not.toContain("0".repeat(64));
    const [message] = messages;
    if (!message) throw new Error("no message");
    const webhook = (environments: string[]) => ({ events: ["key.expiring"], environments, paused: false });
    expect([[], ["production"], ["staging"]].map((names) => wants(webhook(names), message))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe("a rotation", () => {
  test("gives the lifetime anew, and never prolongs the key that goes", () => {
    const project = shop(30);
    project.now += 20 * DAY;
    project.must({ type: "rotateKey", ...at, graceSeconds: 30 * 86_400, next });
    const left = (id: string) => Math.round((Date.parse(bodyOf(project, id)?.expiresAt ?? "") - project.now) / DAY);
    expect([left("key_1"), left("key_2")]).toEqual([10, 30]);
    expect(project.refusal({ type: "rotateKey", ...at, graceSeconds: 0, next: { ...next, id: "key_3" } })).toBe(
      "already-done",
    );
  });

  test("hands a limit on with an engineer's right; to lift one on the way takes an administrator's", () => {
    const project = shop(null);
    project.must({ type: "limitKey", ...at, limit: { perSecond: 5, burst: 5 } });
    project.must({ type: "rotateKey", ...at, graceSeconds: 0, next }, { role: "engineer" });
    expect(bodyOf(project, "key_2")?.limit).toEqual({ perSecond: 5, burst: 5 });
    expect(bodyOf(project)).toBeUndefined();
  });

  test("hands on what has to be signed: a new secret must not take what the former one refused", () => {
    const project = FakeProject.with("production");
    const key = { kind: "client" as const, name: "Web", hash: "0".repeat(64), hint: "abcd", origins: [] };
    const signing = { require: "attributes" as const, attributes: ["plan"] };
    project.must({ type: "createKey", ...at, ...key });
    project.must({ type: "setKeySigning", ...at, signing });
    project.must({ type: "rotateKey", ...at, graceSeconds: 60, next }, { role: "engineer" });
    expect(bodyOf(project, "key_2")?.signing).toEqual(signing);
  });

  test("of a client key is no marketer's: it ends a key", () => {
    const project = FakeProject.with("production");
    const key = { kind: "client" as const, name: "Web", hash: "0".repeat(64), hint: "abcd", origins: [] };
    project.must({ type: "createKey", ...at, ...key }, { role: "marketer" });
    expect(project.refusal({ type: "rotateKey", ...at, graceSeconds: 60, next }, { role: "marketer" })).toBe(
      "forbidden",
    );
  });

  test("is one act of the security log, which names both keys", () => {
    for (const graceSeconds of [0, 60]) {
      const { changes } = shop(null).must({ type: "rotateKey", ...at, graceSeconds, next });
      const acts = securityActsOf(undefined, rowOf("rotateKey", changes));
      expect(acts.map(({ kind, subject, details }) => [kind, subject, details.replaces])).toEqual([
        ["key.rotated", "key_2", "key_1"],
      ]);
    }
  });
});
