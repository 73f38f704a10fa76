import { expect, test } from "vitest";
import type { Series } from "../../../shared/schema/series.ts";
import { FakeProject } from "../../testing/fake-project.ts";
import { seriesOf } from "./series.ts";

const series = (id: string): Series => ({
  id,
  by: "targetingKey",
  startedAt: 0,
  arms: [{ variant: "on", share: 100_000 }],
  control: null,
  windowSeconds: 60,
  outcomes: 1,
  metrics: [],
  source: "server",
});

test("a flag has one series at a time: that of the first source which names one", () => {
  const project = FakeProject.with("production");
  const nothing = () => undefined;
  const of = (...sources: Parameters<typeof seriesOf>[3] & object) =>
    seriesOf(project, "production", "checkout", sources)?.id;
  expect(of()).toBeUndefined();
  expect(of(nothing)).toBeUndefined();
  expect(
    of(
      nothing,
      () => series("plan-1/1"),
      () => series("guard-1"),
    ),
  ).toBe("plan-1/1");
});
