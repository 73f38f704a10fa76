import { Hono } from "hono";
import { type Slug, storedSlug } from "../../shared/schema/names.ts";
import { attemptOf, failed } from "../admin/kernel/failed-sign-ins.ts";
import { bearerOf, sameSecret } from "../crypto/tokens.ts";
import type { Env } from "../env.ts";
import { ProblemError } from "../http/problem.ts";
import { log } from "../log.ts";
import { reportedFigures } from "../objects/propagation-reports/figures.ts";
import { courier, directory, flagStore, guard } from "../objects/stubs.ts";
import { telemetryStats } from "../objects/telemetry-shard/totals.ts";
import { secretOf } from "../secrets.ts";
import { exposition } from "./exposition.ts";
import { type ProjectFacts, projectMetrics } from "./project-metrics.ts";

/** Projects of one scrape: each costs a request to its store, and one to every shard of each environment's telemetry. */
const MAX_PROJECTS = 50;
/** Environments whose telemetry one scrape asks for: a Worker has 10,000 subrequests, and a scraper 10 s. */
const MAX_TELEMETRY = 200;
/** Stores asked at once. */
const AT_ONCE = 6;

/**
 * `GET /metrics` for Prometheus, with a token of its own that opens nothing else. Counts of evaluations live in
 * isolates and come in with their reports, so they are a minute or two behind; nothing here touches an evaluation.
 */
export const metrics = new Hono<{ Bindings: Env }>().get("/", async (c) => {
  const token = bearerOf(c.req.raw.headers);
  const secret = secretOf(c.env, "METRICS_TOKEN");
  if (!secret || token === null || !sameSecret(token, secret)) {
    if (token) failed(attemptOf(c), "metrics");
    const detail = "Set the secret METRICS_TOKEN and send it as Authorization: Bearer METRICS_TOKEN.";
    throw new ProblemError(
      401,
      "unauthenticated",
      "This needs the metrics token",
      { detail },
      { "WWW-Authenticate": "Bearer" },
    );
  }
  const projects = await directory(c.env).listProjects();
  const asked = projects.slice(0, MAX_PROJECTS).map(({ key }) => storedSlug(key));
  let telemetryLeft = MAX_TELEMETRY;
  const facts: ProjectFacts[] = [];
  const queue = [...asked];
  const ask = async () => {
    for (let project = queue.shift(); project !== undefined; project = queue.shift()) {
      facts.push(
        await factsOf(c.env, project, (wanted) => {
          const granted = Math.min(wanted, telemetryLeft);
          telemetryLeft -= granted;
          return granted;
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  facts.sort((a, b) => (a.project < b.project ? -1 : 1));
  const text = exposition(projectMetrics(facts, projects.length - asked.length));
  return c.body(text, 200, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store" });
});

/** Whatever does not answer is left out, and said to be down: a scrape never fails because of one project. */
async function factsOf(env: Env, project: Slug, grant: (wanted: number) => number): Promise<ProjectFacts> {
  const [store, webhooks] = await Promise.all([
    unless(async () => flagStore(env, project).metrics(await reportedFigures(env, project, null)), project),
    unless(() => courier(env, project).counts(), project),
  ]);
  const environments = Object.keys(store?.environments ?? {}).map(storedSlug);
  const granted = environments.slice(0, grant(environments.length));
  const events = await Promise.all(
    granted.map(async (environment) => {
      const stats = await unless(() => telemetryStats(env, project, environment), project);
      return [environment, stats] as const;
    }),
  );
  const guards = await Promise.all(
    granted.map(async (environment) => {
      const states = await unless(() => guard(env, project, environment).states(), project);
      return [environment, states] as const;
    }),
  );
  return { project, store, webhooks, guards: Object.fromEntries(guards), events: Object.fromEntries(events) };
}

async function unless<T>(ask: () => Promise<T>, project: string): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    log({ event: "scrape-incomplete", project, error: String(error) });
    return null;
  }
}
