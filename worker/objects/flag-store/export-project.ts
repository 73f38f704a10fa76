import type { ExportDocument } from "../../../shared/schema/admin.ts";
import type { ProjectView } from "./entities.ts";

/** A project as a document that `import` takes back bit for bit: seeds and ranges included, so nobody moves. */
export function exportProject(view: ProjectView, project: string, revision: number, now: number): ExportDocument {
  const document: ExportDocument = {
    format: "blastdoor-export-1",
    project,
    revision,
    exportedAt: new Date(now).toISOString(),
    environments: {},
    flags: {},
    states: {},
    segments: {},
    layers: {},
    holdouts: {},
  };
  for (const { key, body } of view.list("flag")) {
    if (body.archivedAt) continue;
    const { archivedAt: _live, ...definition } = body;
    document.flags[key] = definition;
  }
  for (const { key, body } of view.list("environment")) {
    document.environments[key] = { name: body.name };
    const states = view.list("state", key).filter((row) => Object.hasOwn(document.flags, row.key));
    document.states[key] = Object.fromEntries(states.map((row) => [row.key, row.body]));
  }
  for (const { key, body } of view.list("segment")) document.segments[key] = body;
  for (const { key, body } of view.list("layer")) document.layers[key] = body;
  for (const { key, body } of view.list("holdout")) document.holdouts[key] = body;
  return document;
}
