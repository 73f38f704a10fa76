import { ownOf } from "../../../shared/own.ts";
import { type FlagDefinition, flagState } from "../../../shared/schema/flag.ts";
import { sha256 } from "../../crypto/sha256.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  environmentKeys,
} from "../../objects/flag-store/decide/decision.ts";
import { defaultServe, settleState } from "../../objects/flag-store/decide/state-checks.ts";
import { valueIssues, variantIssues } from "../../objects/flag-store/decide/value-checks.ts";
import type { Body, Change, ProjectView } from "../../objects/flag-store/entities.ts";
import { type Result, reject } from "../../result.ts";
import { checked, placeInDocument } from "../history/decide.ts";

const digestOf = (body: object): string => sha256(JSON.stringify(body));

/** A flag of the file that is left as it is, and why. */
export interface Conflict {
  readonly key: string;
  readonly message: string;
}

/**
 * Takes flags over into one environment. What an earlier import of the same vendor brought is updated where nobody has
 * changed it here since; anything else of these names is left as it is: see `conflictOf`.
 */
export function importFlags(command: CommandOf<"importFlags">, c: Circumstances): Result<Decision> {
  const { environment, vendor, file, flags, segments } = command;
  const environments = environmentKeys(c.view);
  if (!environments.includes(environment)) return reject({ code: "environment-not-found", environment });
  const changes: Change[] = [];
  for (const [key, segment] of Object.entries(segments))
    changes.push(...change("segment", "", key, c.view.get("segment", "", key)?.body ?? null, segment));
  for (const [key, { definition, state }] of Object.entries(flags)) {
    if (conflictOf(c.view, command, key) !== null) continue;
    const before = c.view.get("flag", "", key)?.body ?? null;
    const isElsewhere =
      before !== null && environments.some((one) => one !== environment && originOf(c.view, one, key));
    const flag = wholeDefinition(definition, before, isElsewhere, key);
    const changed = change("flag", "", key, before, flag);
    const settled = settleState(state, flag, c.view.get("state", environment, key)?.body ?? null);
    const stateBefore = c.view.get("state", environment, key)?.body ?? null;
    const stated = change("state", environment, key, stateBefore, settled);
    const definitionDigest = digestOf((changed[0]?.after ?? before) as object);
    const stateDigest = digestOf((stated[0]?.after ?? stateBefore) as object);
    changes.push(...changed, ...stated);
    const old = originOf(c.view, environment, key);
    const isSame = old?.definition === definitionDigest && old.state === stateDigest && old.file === file;
    const at = isSame ? old.at : new Date(c.now).toISOString();
    const origin = { vendor, file, at, definition: definitionDigest, state: stateDigest };
    changes.push(...change("origin", environment, key, old, origin));
    changes.push(...elsewhere(c.view, environments, environment, key, { before, flag, digest: definitionDigest }));
  }
  const issues = [...valueIssues(changes, placeInDocument), ...variantIssues(changes, placeInDocument)];
  if (issues.length > 0) return reject({ code: "invalid", issues });
  return checked(changes, c);
}

const originOf = (view: ProjectView, environment: string, key: string): Body<"origin"> | null =>
  view.get("origin", environment, key)?.body ?? null;

/** Another environment's rules may ask for variants that this file does not have. */
function wholeDefinition(
  definition: FlagDefinition,
  before: Body<"flag"> | null,
  isElsewhere: boolean,
  key: string,
): Body<"flag"> {
  const variants = isElsewhere ? { ...before?.variants, ...definition.variants } : definition.variants;
  return { ...definition, variants, seed: definition.seed ?? key };
}

interface Redefined {
  readonly before: Body<"flag"> | null;
  readonly flag: Body<"flag">;
  readonly digest: string;
}

/** A new flag is off in other environments; where it was imported before, its definition is still what an import left. */
function elsewhere(
  view: ProjectView,
  environments: readonly string[],
  here: string,
  key: string,
  { before, flag, digest }: Redefined,
): Change[] {
  return environments
    .filter((environment) => environment !== here)
    .flatMap((environment): Change[] => {
      if (before === null) {
        const state = view.get("state", environment, key)?.body ?? null;
        return change("state", environment, key, state, flagState.parse({ fallthrough: defaultServe(flag) }));
      }
      const origin = originOf(view, environment, key);
      return origin ? change("origin", environment, key, origin, { ...origin, definition: digest }) : [];
    });
}

/** Why a flag of the file is left as it is; null: it is not. */
export function conflictOf(
  view: ProjectView,
  { environment, vendor, flags }: Pick<CommandOf<"importFlags">, "environment" | "vendor" | "flags">,
  key: string,
): string | null {
  const row = view.get("flag", "", key);
  if (!row) return null;
  if (row.body.archivedAt) return "a flag of this key was archived here";
  const origin =
    originOf(view, environment, key) ??
    environmentKeys(view)
      .map((one) => originOf(view, one, key))
      .find((one) => one !== null) ??
    null;
  if (origin === null) return "there is a flag of this key that was not imported";
  if (origin.vendor !== vendor) return `the flag of this key was imported from ${origin.vendor}`;
  if (origin.definition !== digestOf(row.body)) return "the flag was changed here since it was imported";
  const state = view.get("state", environment, key)?.body;
  const isHere = originOf(view, environment, key) !== null;
  if (isHere && state && origin.state !== digestOf(state))
    return `its state in ${environment} was changed here since it was imported`;
  const wanted = ownOf(flags, key)?.definition;
  if (wanted && wanted.type !== row.body.type)
    return `it is a ${row.body.type} flag here and a ${wanted.type} flag in the file`;
  return null;
}

/** After an import: flags that it left as they were, since they are not what the import would have made of them. */
export function conflictsAfter(view: ProjectView, command: CommandOf<"importFlags">): Conflict[] {
  return Object.keys(command.flags).flatMap((key) => {
    const message = conflictOf(view, command, key);
    return message === null ? [] : [{ key, message }];
  });
}
