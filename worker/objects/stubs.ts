import type { Region } from "../../shared/placement/regions.ts";
import type { KeyName, Slug } from "../../shared/schema/names.ts";
import type { Env } from "../env.ts";
import type { CourierMethods } from "./courier/methods.ts";
import type { DeskMethods } from "./desk/methods.ts";
import type { DirectoryMethods } from "./directory/methods.ts";
import type { FlagStoreMethods } from "./flag-store/methods.ts";
import type { GuardMethods } from "./guard/methods.ts";
import { durableStub } from "./kernel/durable-stub.ts";
import { placed, settledPlacement } from "./placement.ts";
import type { ProbeMethods } from "./probe/methods.ts";
import type { PropagationReportsMethods } from "./propagation-reports/methods.ts";
import { followRequest } from "./relay/follow-request.ts";
import type { Following } from "./relay/followers.ts";
import type { RelayMethods } from "./relay/methods.ts";
import type { TelemetryShardMethods } from "./telemetry-shard/methods.ts";
import type { TestLedgerMethods } from "./test-ledger/methods.ts";

/** The store of one project. */
export const flagStore = (env: Env, project: Slug) => objectOf<FlagStoreMethods>(env, env.FLAG_STORE, project);

/** Carries the events of one project to its webhooks. */
export const courier = (env: Env, project: Slug) => objectOf<CourierMethods>(env, env.COURIER, project);

/** Projects, API tokens and sessions of the whole installation. */
export const directory = (env: Env) => objectOf<DirectoryMethods>(env, env.DIRECTORY, "directory");

/** One of an environment's telemetry shards; which, the hash of a unit says. */
export const telemetryShard = (env: Env, project: Slug, environment: Slug, shard: number) =>
  objectOf<TelemetryShardMethods>(env, env.TELEMETRY_SHARD, `${project}/${environment}/${shard}`);

/** Requests of one environment that wait for a person. */
export const desk = (env: Env, project: Slug, environment: Slug) =>
  objectOf<DeskMethods>(env, env.DESK, `${project}/${environment}`);

/** Who saw one flag's test, and who wanted it. */
export const testLedger = (env: Env, project: Slug, environment: Slug, flag: KeyName) =>
  objectOf<TestLedgerMethods>(env, env.TEST_LEDGER, `${project}/${environment}/${flag}`);

/** What watches the releases of one environment. */
export const guard = (env: Env, project: Slug, environment: Slug) =>
  objectOf<GuardMethods>(env, env.GUARD, `${project}/${environment}`);

/** What data centres report of the changes of a project. */
export const propagationReports = (env: Env, project: Slug) =>
  objectOf<PropagationReportsMethods>(env, env.PROPAGATION_REPORTS, project);

/** Holds the pointer of a project in one region. Its first caller may be far away, so that it is placed by name. */
export const relay = (env: Env, project: Slug, region: Region) =>
  objectOf<RelayMethods>(env, env.RELAY, relayName(project, region), region);

/** Opens a socket at a relay. */
export async function followAtRelay(env: Env, following: Following & { readonly project: Slug }): Promise<Response> {
  const { project, region } = following;
  const namespace = placed(env, env.RELAY);
  const stub = namespace.get(namespace.idFromName(relayName(project, region)), { locationHint: region });
  return stub.fetch(followRequest(following));
}

/** What looks at the deployment from one region; made there by the first call, as far as Cloudflare follows the hint. */
export const probe = (env: Env, region: Region) => objectOf<ProbeMethods>(env, env.PROBE, region, region);

const relayName = (project: Slug, region: Region): string => `${region}/${project}`;

/** An object where the installation's settings place it. */
function objectOf<M>(env: Env, namespace: DurableObjectNamespace, name: string, hint?: Region) {
  const locationHint = hint ?? settledPlacement(env).locationHint;
  return durableStub<M>(placed(env, namespace), name, locationHint === null ? undefined : { locationHint });
}
