import { createRoute, type RouteConfig, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { problem, type Role } from "../../../shared/schema/admin.ts";
import { keyName, slugName } from "../../../shared/schema/names.ts";
import { checkBody } from "./admin-body.ts";
import { type AdminEnv, authenticate, requireRole } from "./principal.ts";

const problemContent = { "application/problem+json": { schema: problem } };
const REFUSALS = {
  400: { description: "The request is malformed", content: problemContent },
  401: { description: "Not signed in", content: problemContent },
  403: { description: "Not allowed", content: problemContent },
  404: { description: "No such thing", content: problemContent },
  422: { description: "Well-formed, but not valid; `errors` names the fields", content: problemContent },
} as const;

/**
 * An administration route: who may call it, and the refusals they all share. Nothing of a body is read before its sender
 * is known and may call.
 */
export function adminRoute<const R extends Omit<RouteConfig, "middleware" | "security">>(needs: Role, config: R) {
  const middleware: MiddlewareHandler<AdminEnv>[] = [authenticate, requireRole(needs)];
  if (config.request?.body?.content["application/json"]) middleware.push(checkBody());
  return createRoute({
    ...config,
    description: `${config.description ?? config.summary ?? ""} Needs the role *${needs}*.`.trim(),
    security: [{ bearer: [] }],
    middleware,
    responses: { ...REFUSALS, ...config.responses } as unknown as R["responses"],
  });
}

export const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { "application/json": { schema } },
});
export const body = <S extends z.ZodType>(schema: S) => ({
  required: true,
  content: { "application/json": { schema } },
});

/** May be left out entirely; without one, no schema default applies. */
export const optionalBody = <S extends z.ZodType>(schema: S) => ({ content: { "application/json": { schema } } });

/** Parameters of more than one resource; one adds its own by `.extend`. */
export const params = {
  project: z.object({ project: slugName }),
  environment: z.object({ project: slugName, environment: slugName }),
  flag: z.object({ project: slugName, flag: keyName }),
  state: z.object({ project: slugName, environment: slugName, flag: keyName }),
  projectId: z.object({ project: slugName, id: z.string().max(100) }),
  keyId: z.object({ project: slugName, environment: slugName, id: z.string().max(100) }),
  request: z.object({ project: slugName, environment: slugName, id: z.string().max(100) }),
  segment: z.object({ project: slugName, segment: keyName }),
};

/**
 * A number in an address: decimal digits, where a plain conversion takes "" for 0, "0x10" for 16 and " " for 0, so that a
 * mistyped cursor begins at the start without a word.
 */
const decimal = <S extends z.ZodType>(pattern: RegExp, schema: S, message: string) =>
  z.preprocess((sent, ctx) => {
    if (typeof sent !== "string") return sent;
    if (pattern.test(sent)) return Number(sent);
    ctx.addIssue({ code: "custom", message });
    return z.NEVER;
  }, schema);
export const whole = (schema: z.ZodNumber) =>
  decimal(/^-?\d{1,15}$/, schema.int(), "send a whole number in decimal digits");
export const seconds = (schema: z.ZodNumber) =>
  decimal(/^\d{1,9}(?:\.\d{1,9})?$/, schema, "send a number in decimal digits");

/** The code of the refusal, and what to send to say that it is meant. */
export const EXPOSURE = "exposes-hidden-flag";
export const acknowledging = z.object({
  acknowledge: z.enum([EXPOSURE]).optional().meta({ description: "Let a public flag depend on a hidden one" }),
});

/** Every write accepts these. */
export const writeHeaders = z.object({
  "if-match": z
    .string()
    .max(50)
    .optional()
    .meta({ description: 'The version last seen, as in `"3"`; 412 when it has moved on' }),
  "idempotency-key": z.string().min(1).max(100).optional().meta({ description: "Makes a repeated request count once" }),
});
