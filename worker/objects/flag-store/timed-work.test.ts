import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { reject } from "../../result.ts";
import { aFlag, FakeProject } from "../../testing/fake-project.ts";
import { TimedWork, type TimedWorkDeps } from "./timed-work.ts";

const NOW = Date.parse("2027-01-01T12:00:00Z");
const at = { environment: "production", flag: "f" } as const;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A schedule and the end of a test, both due. */
function overdue(transact: TimedWorkDeps["transact"]) {
  const project = FakeProject.with("production");
  project.now = NOW - 60_000;
  project.must({ type: "putFlag", flag: "f", definition: aFlag() });
  const soon = new Date(NOW - 30_000).toISOString();
  project.must({ type: "createSchedule", ...at, at: soon, patch: { enabled: true } });
  const wording = { message: "Not here yet", thanks: "Thank you" };
  const settings = { kind: "fake-door", share: 10_000, wording, bar: 0.03, targetPeople: 100, endsAt: soon } as const;
  project.must({ type: "putTest", ...at, flag: "door", settings });
  project.must({ type: "startTest", ...at, flag: "door" });
  const documents = Object.assign(project, { nextSchedule: () => NOW - 30_000, nextTestEnd: () => NOW - 30_000 });
  return new TimedWork({ documents, project: () => "shop", transact, breakGlass: async () => null });
}

test("what is due is carried out, schedules before the ends of tests", async () => {
  const done: string[] = [];
  const work = overdue(({ command }) => {
    done.push(command.type);
    return { ok: true, value: { changed: true } };
  });
  await work.run();
  expect(done).toEqual(["applySchedule", "stopTest"]);
  expect(Math.max(...work.dueTimes())).toBeLessThan(NOW);
});

test.each([
  ["is refused", () => reject({ code: "flag-archived", flag: "f" })],
  [
    "fails",
    () => {
      throw new Error("disk full");
    },
  ],
])("what %s keeps nothing else waiting, and does not call the alarm again at once", async (_, transact) => {
  const asked = vi.fn(transact);
  const work = overdue(asked);
  await work.run();
  expect(asked).toHaveBeenCalledTimes(2);
  expect(Math.min(...work.dueTimes())).toBe(NOW + 30_000);
});
