import { flagState } from "../../../shared/schema/flag.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  environmentKeys,
  overLimit,
  versionConflict,
} from "../../objects/flag-store/decide/decision.ts";
import { defaultServe } from "../../objects/flag-store/decide/state-checks.ts";
import { type Change, type ProjectView, removedWith } from "../../objects/flag-store/entities.ts";
import { type Result, reject } from "../../result.ts";

export const DEFAULT_ENVIRONMENTS = ["development", "staging", "production"];

const titled = (slug: string): string => slug.charAt(0).toUpperCase() + slug.slice(1).replaceAll("-", " ");

/** Makes a project with its environments, or renames it. */
export function putProject(command: CommandOf<"putProject">, c: Circumstances): Result<Decision> {
  const { project } = c;
  const row = c.view.get("project", "", project);
  const conflict = versionConflict(`project "${project}"`, row, c.ifVersion);
  if (conflict) return reject(conflict);
  const after = { name: command.name ?? row?.body.name ?? titled(project) };
  const changes: Change[] = change("project", "", project, row?.body ?? null, after);
  if (!row) {
    const environments = [...new Set(command.environments ?? DEFAULT_ENVIRONMENTS)];
    const full = overLimit("environmentsPerProject", environments.length);
    if (full) return reject(full);
    for (const [position, environment] of environments.entries()) {
      changes.push(...change("environment", "", environment, null, { name: titled(environment), position }));
    }
    return decision(changes, environments);
  }
  const missing = (command.environments ?? []).filter((environment) => !c.view.get("environment", "", environment));
  if (missing.length > 0) {
    const message = `${missing.join(", ")} does not exist yet; add it with PUT /projects/${project}/environments/${missing[0]}`;
    return reject({ code: "invalid", issues: [{ field: "environments", message }] });
  }
  return decision(changes, []);
}

/**
 * Empties a project. The audit and the revision counter stay, so that a later project of this name continues them.
 * So does what its definition keeps, such as kills.
 */
export function deleteProject(_: CommandOf<"deleteProject">, c: Circumstances): Result<Decision> {
  const changes: Change[] = [];
  for (const entity of removedWith("project")) {
    for (const row of c.view.list(entity)) changes.push(...change(entity, row.environment, row.key, row.body, null));
  }
  changes.push(...killsWithoutStory(c.view));
  return decision(changes, []);
}

/** The kills as a later project of this name meets them: in force, without what people of this one wrote. */
function killsWithoutStory(view: ProjectView): Change[] {
  return view.list("kill").flatMap(({ environment, key, body }) => {
    const { evidence: _, ...kept } = body;
    const by = "a deleted project of this name";
    return change("kill", environment, key, body, { ...kept, comment: "", by });
  });
}

export function putEnvironment(command: CommandOf<"putEnvironment">, c: Circumstances): Result<Decision> {
  const { environment } = command;
  const row = c.view.get("environment", "", environment);
  const conflict = versionConflict(`environment "${environment}"`, row, c.ifVersion);
  if (conflict) return reject(conflict);
  const others = environmentKeys(c.view);
  const freshness = command.freshness ?? row?.body.freshness ?? "bounded";
  const after = {
    name: command.name ?? row?.body.name ?? titled(environment),
    position: row?.body.position ?? others.length,
    ...(freshness === "bounded" ? {} : { freshness }),
  };
  const changes: Change[] = change("environment", "", environment, row?.body ?? null, after);
  if (row) return decision(changes, []);
  const full = overLimit("environmentsPerProject", others.length + 1);
  if (full) return reject(full);
  for (const flag of c.view.list("flag")) {
    if (flag.body.archivedAt) continue;
    changes.push(
      ...change("state", environment, flag.key, null, flagState.parse({ fallthrough: defaultServe(flag.body) })),
    );
  }
  return decision(changes, [environment]);
}

export function deleteEnvironment(command: CommandOf<"deleteEnvironment">, c: Circumstances): Result<Decision> {
  const { environment } = command;
  const row = c.view.get("environment", "", environment);
  if (!row) return reject({ code: "environment-not-found", environment });
  const conflict = versionConflict(`environment "${environment}"`, row, c.ifVersion);
  if (conflict) return reject(conflict);
  const changes: Change[] = [];
  for (const entity of removedWith("environment")) {
    for (const its of c.view.list(entity, environment))
      changes.push(...change(entity, environment, its.key, its.body, null));
  }
  changes.push(...change("environment", "", environment, row.body, null));
  return decision(changes, []);
}
