import { describe, expect, test } from "vitest";
import type { Vendor } from "./formats.ts";
import { translateFile } from "./read.ts";
import { answersOf } from "./verify.ts";

/** What a vendor's own SDK answered for made-up files; null is the caller's default. */
interface Recorded {
  readonly sdk: string;
  readonly files: readonly {
    readonly document: unknown;
    readonly contexts: readonly object[];
    readonly answers: Readonly<Record<string, readonly unknown[]>>;
  }[];
}

const recorded = import.meta.glob<Recorded>("../../fixtures/import/*/recorded.json", {
  eager: true,
  import: "default",
});
const NOW = Date.parse("2026-12-01T00:00:00Z");
/** Of flags of made-up files, which ask more than people do. */
const MOST_REFUSED = 0.2;

describe.each(Object.entries(recorded))("%s", (file, { files }) => {
  const vendor = file.split("/").at(-2) as Vendor;

  test("each context gets what the vendor's SDK gives it, or the report says that it may not", async () => {
    const differences: unknown[] = [];
    let flags = 0;
    let exact = 0;
    for (const { document, contexts, answers } of files) {
      const read = await translateFile(vendor, document, { environment: "production" });
      if (!read.ok) throw new Error(JSON.stringify(read.issues));
      const answer = answersOf(read.translation);
      for (const { key, status } of read.translation.flags) {
        flags++;
        if (status !== "exact") continue;
        exact++;
        for (const [index, context] of contexts.entries()) {
          const ours = answer(key, context, NOW) ?? null;
          const theirs = answers[key]?.[index];
          if (JSON.stringify(ours) !== JSON.stringify(theirs)) differences.push({ key, context, ours, theirs });
        }
      }
    }
    expect(differences).toEqual([]);
    expect(exact).toBeGreaterThan((1 - MOST_REFUSED) * flags);
  });
});
