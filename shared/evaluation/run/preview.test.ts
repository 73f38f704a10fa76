import { expect, test } from "vitest";
import type { Visibility } from "../../schema/flag.ts";
import { type Kill, snapshot } from "../../schema/snapshot.ts";
import { compile } from "../compile/compile.ts";
import { re2 } from "../operators/regex/regex.ts";
import { type Audience, evaluateAll, prepare } from "./evaluate.ts";
import { evaluateAllWithPreviews, evaluateWithPreviews, type Preview } from "./preview.ts";

const flag = (visibility: Visibility) => ({
  variants: { on: "new", off: "old" },
  offVariant: "off",
  visibility,
  seed: visibility,
  state: { enabled: false, prerequisites: [], rules: [], fallthrough: { variant: "off" } },
});
const shop = (kills: Kill[] = []) =>
  compile(
    snapshot.parse({
      minReader: 1,
      project: "shop",
      environment: "production",
      epoch: 1,
      revision: 1,
      flags: { open: flag("public"), some: flag("targeted"), secret: flag("server-only") },
      segments: {},
      layers: {},
      holdouts: {},
      keys: [],
      kills,
    }),
    re2,
  );
const of = (name: string): Preview[] => [{ flag: name, variant: "on" }];
const all = (previews: Preview[], audience: Audience = "server", compiled = shop()) =>
  evaluateAllWithPreviews(compiled, prepare(compiled, {}, 0), audience, previews);
const one = (name: string, previews: Preview[], audience: Audience = "server", compiled = shop()) => {
  const text = evaluateWithPreviews(compiled, name, prepare(compiled, {}, 0), audience, previews);
  return text && JSON.parse(text);
};

test("a preview forces its variant on a flag that is off, and says that it did", () => {
  const shown = { key: "open", value: "new", variant: "on", reason: "TARGETING_MATCH", metadata: { preview: true } };
  expect(one("open", of("open"))).toEqual(shown);
  expect(one("open", of("open"), "client")).toEqual(shown);
  expect(JSON.parse(`[${all(of("open")).flags}]`)).toContainEqual(shown);
});

test("other flags stay as they are, and without a preview everything does, ETag included", () => {
  expect(one("some", of("open"))).toMatchObject({ variant: "off" });
  const compiled = shop();
  expect(all([], "server", compiled)).toEqual(evaluateAll(compiled, prepare(compiled, {}, 0), "server"));
});

test("a kill is stronger than a preview, of the flag and of the variant", () => {
  const kill = { id: "k", flag: "open", serve: "off", revision: 1 };
  expect(one("open", of("open"), "server", shop([kill]))).toMatchObject({ variant: "off" });
  expect(one("open", of("open"), "server", shop([{ ...kill, variant: "on" }]))).toMatchObject({ variant: "off" });
});

test("a targeted flag shows itself to the previewer, a server-only one to no client", () => {
  expect(one("some", [], "client")).toBeUndefined();
  expect(one("some", of("some"), "client")).toMatchObject({ variant: "on" });
  expect(one("secret", of("secret"), "client")).toBeUndefined();
  expect(all(of("secret"), "client").flags).not.toContain("secret");
});

test("a variant that is gone previews nothing", () => {
  expect(one("open", [{ flag: "open", variant: "gone" }])).toMatchObject({ variant: "off" });
  expect(one("nowhere", of("nowhere"))).toBeUndefined();
});

test("another answer has another ETag, the same the same", () => {
  expect(all(of("open")).etag).toBe(all(of("open")).etag);
  expect(all(of("open")).etag).not.toBe(all(of("some")).etag);
  expect(all(of("open")).etag).not.toBe(all([]).etag);
});
