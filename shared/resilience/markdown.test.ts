import { expect, test } from "vitest";
import type { Resilience } from "../schema/resilience.ts";
import type { Facts } from "./facts.ts";
import { resilienceMarkdown } from "./markdown.ts";
import { review } from "./review.ts";
import { aChange, aFlag, facts, NOW } from "./testing.ts";
import { habitsOf, weeksOf } from "./trend.ts";

const reviewOf = (over: Partial<Facts>): Resilience => {
  const all = facts(over);
  return {
    project: all.project,
    environment: all.environment,
    at: new Date(NOW).toISOString(),
    ...review(all),
    weeks: weeksOf(all.changes, NOW),
    habits: habitsOf(all.changes, []),
    changes: { read: all.changes.length, complete: true },
  };
};

test("a review as Markdown: findings in order with evidence and action, habits and weeks", () => {
  const text = resilienceMarkdown(
    reviewOf({ changes: [aChange()], flags: [aFlag({ hasPlan: false })], freezes: 0 }),
    "https://flags.example",
  );
  expect(text).toMatch(/^# Resilience review: shop, production\n\n2026-11-25 12:00 UTC\. 2 findings/);
  expect(text).toContain("## 1. checkout went to 100% of users in one step");
  expect(text).toContain("- Reach changed from 0% to 100% (by Ada, 2026-11-25 11:00 UTC, revision 7)");
  expect(text).toContain("](https://flags.example/p/shop/flags/checkout?env=production&tab=release), or `PUT /api/v1/");
  expect(text.indexOf("## 1.")).toBeLessThan(text.indexOf("## 2. production has no freeze window"));
  expect(text).toContain("| 2026-11-23 | 1 | 0 | 1 | 0 | 1 | 100% |");
});

test("names that people chose are text: no markup, no heading, no table of theirs", () => {
  const by = "Eve](https://evil.example) <img src=x>\n# Mine | x";
  const text = resilienceMarkdown(
    reviewOf({ changes: [aChange({ by })], flags: [aFlag({ hasPlan: false })] }),
    "https://flags.example",
  );
  expect(text).toContain("by Eve\\](https://evil.example) \\<img src=x\\> \\# Mine \\| x");
});
