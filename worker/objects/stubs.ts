import type { KeyName, Slug } from "../../shared/schema/names.ts";
import type { Env } from "../env.ts";
import type { CourierMethods } from "./courier/methods.ts";
import type { DeskMethods } from "./desk/methods.ts";
import type { DirectoryMethods } from "./directory/methods.ts";
import type { FlagStoreMethods } from "./flag-store/methods.ts";
import type { GuardMethods } from "./guard/methods.ts";
import { durableStub } from "./kernel/durable-stub.ts";
import type { TelemetryShardMethods } from "./telemetry-shard/methods.ts";
import type { TestLedgerMethods } from "./test-ledger/methods.ts";

/** The store of one project. */
export const flagStore = (env: Env, project: Slug) => durableStub<FlagStoreMethods>(env.FLAG_STORE, project);

/** Carries the events of one project to its webhooks. */
export const courier = (env: Env, project: Slug) => durableStub<CourierMethods>(env.COURIER, project);

/** Projects, API tokens and sessions of the whole installation. */
export const directory = (env: Env) => durableStub<DirectoryMethods>(env.DIRECTORY, "directory");

/** One of an environment's telemetry shards; which, the hash of a unit says. */
export const telemetryShard = (env: Env, project: Slug, environment: Slug, shard: number) =>
  durableStub<TelemetryShardMethods>(env.TELEMETRY_SHARD, `${project}/${environment}/${shard}`);

/** Requests of one environment that wait for a person. */
export const desk = (env: Env, project: Slug, environment: Slug) =>
  durableStub<DeskMethods>(env.DESK, `${project}/${environment}`);

/** Who saw one flag's test, and who wanted it. */
export const testLedger = (env: Env, project: Slug, environment: Slug, flag: KeyName) =>
  durableStub<TestLedgerMethods>(env.TEST_LEDGER, `${project}/${environment}/${flag}`);

/** What watches the releases of one environment. */
export const guard = (env: Env, project: Slug, environment: Slug) =>
  durableStub<GuardMethods>(env.GUARD, `${project}/${environment}`);
