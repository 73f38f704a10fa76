import { expect, test } from "vitest";
import { deployedServices } from "./previous-deployments.ts";

const at = (hour: number) => `2026-11-25T${String(hour).padStart(2, "0")}:00:00.000Z`;
const deployed = (hour: number, version: string, more: object = {}) =>
  ({ version, status: "success", finishedAt: at(hour), ...more }) as Parameters<typeof deployedServices>[0][number];

test("of each service the latest version, and the one before it, in whatever order they were reported", () => {
  const list = [
    deployed(3, "web-3", { service: "web" }),
    deployed(9, "api-2", { service: "api" }),
    deployed(1, "web-2", { service: "web" }),
    deployed(2, "2.0"),
  ];
  expect(deployedServices(list)).toEqual([
    { version: "2.0", previous: null },
    { service: "api", version: "api-2", previous: null },
    { service: "web", version: "web-3", previous: "web-2" },
  ]);
});

test("what failed or was taken back is nothing to go back to, nor is the same version deployed twice", () => {
  const list = [
    deployed(1, "1"),
    deployed(2, "2", { status: "rolled-back" }),
    deployed(3, "3", { status: "failure" }),
    deployed(4, "4"),
    deployed(5, "4"),
  ];
  expect(deployedServices(list)).toEqual([{ version: "4", previous: "1" }]);
  expect(deployedServices([])).toEqual([]);
});
