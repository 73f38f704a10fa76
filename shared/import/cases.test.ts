import { describe, expect, test } from "vitest";
import type { FormatCase } from "./format-case.ts";
import type { Vendor } from "./formats.ts";
import { translateFile } from "./read.ts";
import { answersOf } from "./verify.ts";

const tables = import.meta.glob<readonly FormatCase[]>("./*/cases.ts", { eager: true, import: "cases" });
const NOW = Date.parse("2026-12-01T00:00:00Z");

describe.each(Object.entries(tables))("%s", (file, cases) => {
  const vendor = file.split("/")[1] as Vendor;

  test.each(cases.map((one) => [one.name, one] as const))("%s", async (_, { document, rows }) => {
    const read = await translateFile(vendor, document, { environment: "production" });
    if (!read.ok) throw new Error(JSON.stringify(read.issues));
    const answer = answersOf(read.translation);
    const statuses = new Map(read.translation.flags.map(({ key, status, reasons }) => [key, { status, reasons }]));
    for (const { flag, context, value } of rows) {
      expect(statuses.get(flag), flag).toMatchObject({ status: "exact" });
      expect(answer(flag, context, NOW), `${flag} of ${JSON.stringify(context)}`).toEqual(value);
    }
  });
});
