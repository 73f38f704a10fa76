import type { Context, MiddlewareHandler } from "hono";
import { z } from "zod";
import type { TranslatedFlag } from "../../../shared/import/model.ts";
import { importReport, type VendorImportReply } from "../../../shared/schema/import.ts";
import { slugName } from "../../../shared/schema/names.ts";
import { comment } from "../../../shared/schema/primitives.ts";
import { rejectionProblem } from "../../http/problem.ts";
import type { Reply } from "../../objects/flag-store/methods.ts";
import { execute } from "../kernel/execute.ts";
import { type AdminEnv, authenticate, requireRole } from "../kernel/principal.ts";
import type { Conflict } from "./decide.ts";
import { readVendorFile } from "./read-file.ts";

const asked = z.object({
  project: slugName,
  environment: slugName,
  dryRun: z.enum(["true", "false"]).default("false"),
  comment: comment.optional(),
});

/** `?from=VENDOR`: the body is that vendor's file, and not an export of ours. */
const fromVendor =
  (handler: MiddlewareHandler<AdminEnv>): MiddlewareHandler<AdminEnv> =>
  (c, next) =>
    c.req.query("from") === undefined ? next() : handler(c, next);

export const vendorImport = [
  fromVendor(authenticate),
  fromVendor(requireRole("engineer")),
  fromVendor(async (c) => c.json(await importFile(c), 200)),
] as const;

async function importFile(c: Context<AdminEnv>): Promise<VendorImportReply> {
  const { from = "", ...query } = c.req.query();
  const found = asked.safeParse({ ...query, project: c.req.param("project") });
  if (!found.success) {
    const issues = found.error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
    throw rejectionProblem({ code: "invalid", issues });
  }
  const { project, environment, dryRun, comment: said } = found.data;
  const { hash, translation } = await readVendorFile(c.req.raw, from, environment);
  const { flags, segments, context } = translation;
  const command = {
    type: "importFlags",
    environment,
    vendor: from,
    file: hash,
    flags: recordOf(flags, ({ flag, state }) => (flag && state ? { definition: flag, state } : undefined)),
    segments: recordOf(segments, ({ segment }) => segment),
  } as const;
  const isDry = dryRun === "true";
  const reply: Reply = await execute(c, project, command as never, { comment: said, dryRun: isDry });
  const conflicts = new Map((reply.view as Conflict[] | null)?.map(({ key, message }) => [key, message]));
  const report = importReport.parse({
    from,
    file: hash,
    flags: flags.map((one) => told(one, conflicts.get(one.key))),
    segments: segments.map(({ key, status, reasons }) => ({ key, status, reasons })),
    context,
  });
  const changes = reply.changes as VendorImportReply["changes"];
  return { revision: reply.revision, dryRun: isDry, changes, ...report };
}

function told({ key, status, reasons }: TranslatedFlag, conflict: string | undefined) {
  if (conflict === undefined || status === "refused") return { key, status, reasons };
  const message = `${conflict}; it is left as it is`;
  return { key, status: "refused", conflict: true, reasons: [...reasons, { path: key, message }] };
}

/** Without a prototype: keys of a file are anybody's. */
function recordOf<T extends { key: string }, V>(
  all: readonly T[],
  bodyOf: (one: T) => V | undefined,
): Record<string, V> {
  const entries = all.flatMap((one): [string, V][] => {
    const value = bodyOf(one);
    return value === undefined ? [] : [[one.key, value]];
  });
  return Object.fromEntries(entries);
}
