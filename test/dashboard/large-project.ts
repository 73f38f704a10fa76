import type { Server } from "../process/server.ts";

export const LARGE_PROJECT_FLAGS = 5_000;

/** A project "large" of as many flags, made by one import. */
export async function makeLargeProject(server: Server): Promise<void> {
  const made = await server.admin("/projects/large", { method: "PUT", body: { name: "Large" } });
  if (!made.ok) throw new Error(`the project was not made: ${made.status} ${await made.text()}`);
  const keys = Array.from({ length: LARGE_PROJECT_FLAGS }, (_, index) => `flag-${String(index).padStart(4, "0")}`);
  const flag = (index: number) => ({
    type: "boolean",
    purpose: "release",
    variants: { on: true, off: false },
    offVariant: "off",
    description: `The flag of number ${index}`,
    owner: `team ${index % 40}`,
    tags: [`tag-${index % 25}`],
  });
  const body = {
    format: "blastdoor-export-1",
    project: "large",
    environments: { production: {} },
    flags: Object.fromEntries(keys.map((key, index) => [key, flag(index)])),
    states: {
      production: Object.fromEntries(keys.map((key) => [key, { enabled: true, fallthrough: { variant: "on" } }])),
    },
  };
  const imported = await server.admin("/projects/large/import", { method: "POST", body });
  if (imported.status !== 200) throw new Error(`not imported: ${imported.status} ${await imported.text()}`);
}
