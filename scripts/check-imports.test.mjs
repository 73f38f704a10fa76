import { expect, test } from "vitest";
import { brokenLaw, checkImports, importsOf } from "./check-imports.mjs";

test("the tree keeps its laws", () => {
  expect(checkImports()).toEqual([]);
});

test("each form of an import is seen", () => {
  const text = [
    'import { a } from "./a.ts";',
    'import type { B } from "../b.ts";',
    'import "./c.ts";',
    'export * from "../../d.ts";',
    'import {\n  e,\n} from "./e.ts";',
    'const f = await import("./f.ts");',
    'import asText from "./g.ts?raw";',
    'const h = import.meta.glob<Words>("../*/h.ts", { eager: true });',
    'import { z } from "zod";',
  ].join("\n");
  expect(importsOf("worker/kv/x.ts", text)).toEqual([
    "worker/kv/a.ts",
    "worker/b.ts",
    "worker/kv/c.ts",
    "d.ts",
    "worker/kv/e.ts",
    "worker/kv/f.ts",
    "worker/kv/g.ts",
    "worker/*/h.ts",
  ]);
});

test.each([
  ["shared/limits.ts", "worker/env.ts"],
  ["shared/evaluation/model/truth.ts", "shared/evaluation/run/evaluate.ts"],
  ["worker/kv/list-shards.ts", "worker/objects/kernel/outbox.ts"],
  ["worker/objects/kernel/outbox.ts", "worker/objects/flag-store/flag-store.ts"],
  ["dashboard/domain/api.ts", "dashboard/ui/field.tsx"],
  ["dashboard/ui/field.tsx", "dashboard/editors/exposure.ts"],
  ["dashboard/editors/exposure.ts", "dashboard/features/flag/flag-page.tsx"],
  ["dashboard/features/flag/flag-page.tsx", "dashboard/app/app.tsx"],
  ["dashboard/features/flag/flag-page.tsx", "dashboard/features/flags/flag-list.tsx"],
  ["dashboard/domain/words/audit-words.ts", "worker/admin/*/view.ts"],
  ["client/browser/blastdoor.ts", "worker/log.ts"],
])("%s does not import %s", (file, imported) => {
  expect(brokenLaw(file, imported)).toBeDefined();
});

test.each([
  ["shared/evaluation/model/truth.ts", "shared/schema/flag.ts"],
  ["worker/objects/kernel/outbox.ts", "worker/objects/kernel/result.ts"],
  ["dashboard/app/app.tsx", "dashboard/features/flag/flag-page.tsx"],
  ["dashboard/features/flag/flag-page.tsx", "dashboard/features/flag/save-bar.tsx"],
  ["dashboard/domain/words/audit-words.ts", "worker/admin/*/words.ts"],
  ["client/browser/blastdoor.ts", "shared/limits.ts"],
])("%s may import %s", (file, imported) => {
  expect(brokenLaw(file, imported)).toBeUndefined();
});
