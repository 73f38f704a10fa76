import { expect, test } from "vitest";
import { command as commandSchema, type Envelope } from "../commands.ts";
import { fingerprintOf } from "./command-replies.ts";

const asked = (command: (typeof commandSchema)["_input"], by = "ada"): Envelope => ({
  id: "id",
  project: "shop",
  actor: { type: "token", id: by, name: by, role: "admin" },
  comment: "",
  command: commandSchema.parse(command),
});
const at = { environment: "production", flag: "checkout" };

test("a command sent again has the fingerprint that it had, another command or person has another", () => {
  const kill = fingerprintOf(asked({ type: "kill", ...at }));
  expect(fingerprintOf(asked({ type: "kill", ...at }))).toBe(kill);
  expect(fingerprintOf(asked({ type: "kill", ...at, flag: "search" }))).not.toBe(kill);
  expect(fingerprintOf(asked({ type: "kill", ...at }, "bob"))).not.toBe(kill);
});

test("what each attempt draws anew, and what a route reads out of KV, makes no other command of it", () => {
  const restore = (breakGlassIds: string[]) => asked({ type: "restore", ...at, breakGlassIds });
  expect(fingerprintOf(restore(["bg_1"]))).toBe(fingerprintOf(restore([])));
  const list = (upload: string) => asked({ type: "putList", segment: "vip", upload, digest: "0".repeat(64) });
  expect(fingerprintOf(list("1-2"))).toBe(fingerprintOf(list("1-1")));
  expect(fingerprintOf({ ...list("1-1"), comment: "said anew" })).toBe(fingerprintOf(list("1-1")));
});
