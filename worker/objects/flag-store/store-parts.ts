import { storedKeyName, storedSlug } from "../../../shared/schema/names.ts";
import type { Env } from "../../env.ts";
import { readBreakGlass, removeBreakGlassKills } from "../../kv/break-glass.ts";
import { kvSnapshotStore } from "../../kv/snapshot-store.ts";
import { within } from "../../within.ts";
import type { Checkpoints } from "../kernel/checkpoint.ts";
import { pauseFor } from "../kernel/pause.ts";
import { desk, directory, guard, relay, testLedger } from "../stubs.ts";
import { clearTelemetry } from "../telemetry-shard/totals.ts";
import { LedgerOutbox, type LedgerPlace } from "../test-ledger/ledger-backup.ts";
import { ListVersions } from "./list-versions.ts";
import { ProjectIdentity } from "./project-identity.ts";
import type { ProjectTables } from "./project-tables.ts";
import { GuardOrders } from "./publishing/guard-orders.ts";
import { KvCleanup } from "./publishing/kv-cleanup.ts";
import { NextPublication } from "./publishing/next-publication.ts";
import { PointerSource } from "./publishing/pointer-source.ts";
import { Publisher } from "./publishing/publisher.ts";
import { RelaySignals } from "./publishing/relay-signals.ts";
import { Derivation } from "./rendering/derivation.ts";
import { Renderer } from "./rendering/renderer.ts";
import { ProjectRestore } from "./restore/project-restore.ts";
import { Retention } from "./retention.ts";
import { SecurityOutbox } from "./security-outbox.ts";
import { StoreAlarm } from "./store-alarm.ts";
import { TimedWork } from "./timed-work.ts";
import { CommandTransaction } from "./transaction/command-transaction.ts";
import { DocumentChanges } from "./transaction/document-changes.ts";
import { TriggerAnswers } from "./trigger-answers.ts";
import { UsageReports } from "./usage-reports.ts";
import { WebhookOutbox } from "./webhook-outbox.ts";

/** Calls of KV that take longer count as failed (ms). */
const KV_TIMEOUT_MS = 5_000;
/** The regions whose relays hold sockets, in the store's own facts. */
const FOLLOWED_FROM = "followed_from";
const inTime = <T>(work: Promise<T>): Promise<T> => within(KV_TIMEOUT_MS, work);

export type StoreParts = ReturnType<typeof storeParts>;

/** Puts the parts of a store together. What each reaches outside the tables is given to it here, as functions. */
export function storeParts(storage: DurableObjectStorage, env: Env, tables: ProjectTables, checkpoints: Checkpoints) {
  const { meta } = tables;
  const atomically = <T>(work: () => T): T => storage.transactionSync(work);
  const snapshots = kvSnapshotStore(env.SNAPSHOTS);

  const identity = new ProjectIdentity(tables, () => directory(env));
  const webhooks = new WebhookOutbox(tables.documents, tables.notices, meta, env);
  const security = new SecurityOutbox(tables.auditLog, meta, env);
  const ledgers = ledgerOutbox(env, tables);
  const guardOrders = new GuardOrders(tables, async (environment, order) => {
    await inTime(guard(env, meta.slug, environment).watch(order));
    await checkpoints.reach("guard-told");
  });
  const pointers = new PointerSource(tables);
  const relays = new RelaySignals({
    pointer: () => pointers.read(Date.now()),
    send: (region, signal) => inTime(relay(env, meta.slug, region).take(signal)),
    wait: pauseFor,
    readFollowed: () => meta.get(FOLLOWED_FROM) ?? "",
    writeFollowed: (regions) => meta.set(FOLLOWED_FROM, regions),
    now: () => Date.now(),
  });
  const listVersions = new ListVersions(tables);
  const restoring = new ProjectRestore(tables, identity, ledgers, { webhooks, security });
  const renderer = new Renderer(tables);
  const documentChanges = new DocumentChanges(tables, renderer, {
    atomically,
    clearLedger: (place) => ledgers.append(place, null),
    endIdentity: (now) => identity.end(now),
    abandonRestore: () => restoring.abandon(),
  });

  const transaction = new CommandTransaction(tables, documentChanges, {
    proposedList: (command) => listVersions.proposed(command),
    noteFollowers: (row) => {
      webhooks.note(row);
      security.note(row);
      relays.changed();
    },
    orderGuards: (environments, changes, revision, now) => guardOrders.note(environments, changes, revision, now),
    armSafetyAlarm: (now) => alarm.armSafety(now),
    linger: () => checkpoints.linger(),
  });
  const timedWork = new TimedWork({
    documents: tables.documents,
    project: () => meta.project,
    transact: (asked) => atomically(() => transaction.run(asked)),
    breakGlass: async () => {
      const lane = await inTime(readBreakGlass(env.SNAPSHOTS, meta.slug)).catch(() => null);
      return lane?.whole ? lane : null;
    },
  });
  const derivation = new Derivation(tables, renderer, atomically);
  const alarm = new StoreAlarm(storage, () => {
    const followers = [webhooks.dueAt, ledgers.dueAt, security.dueAt].filter((at) => at !== null);
    const usage = tables.counters.dueAt ?? [];
    return [...tables.publications.due(), ...timedWork.dueTimes(), ...derivation.due(), ...followers, usage].flat();
  });

  const publisher = new Publisher(
    tables,
    new NextPublication(tables, renderer),
    {
      atomically,
      putSnapshot: (kvKey, body) => inTime(snapshots.put(kvKey, body)),
      putListShard: (kvKey, bytes) => inTime(env.SNAPSHOTS.put(kvKey, bytes)),
      register: () => identity.register(),
      orderGuard: (environment) => guardOrders.give(environment),
      pointerMoved: () => relays.changed(),
      scheduleAlarm: () => alarm.schedule(),
    },
    [webhooks, ledgers, security],
    checkpoints,
  );
  const cleanup = new KvCleanup(tables, {
    deleteKey: (kvKey) => inTime(snapshots.delete(kvKey)),
    putKey: (kvKey, body) => inTime(snapshots.put(kvKey, body)),
    removeBreakGlassKills: (ids) => inTime(removeBreakGlassKills(env.SNAPSHOTS, meta.slug, ids)),
  });
  const run = transaction.run.bind(transaction);

  return {
    identity,
    ledgers,
    security,
    listVersions,
    transaction,
    timedWork,
    derivation,
    alarm,
    publisher,
    pointers,
    relays,
    retention: new Retention(tables, cleanup),
    restoring,
    triggers: new TriggerAnswers(tables, run),
    usageReports: new UsageReports(tables, run),
  };
}

/** What the store owes to ledgers and desks, which are objects of their own. */
function ledgerOutbox(env: Env, { meta, sql }: ProjectTables): LedgerOutbox {
  const ledgerOf = ({ environment, flag }: LedgerPlace) =>
    testLedger(env, meta.slug, storedSlug(environment), storedKeyName(flag));
  return new LedgerOutbox(sql, {
    deliver: (delivery) => ledgerOf(delivery).restorePart(meta.project, delivery),
    clear: ({ environment, flag }) => {
      const questions = desk(env, meta.slug, storedSlug(environment));
      if (flag === "") return Promise.all([questions.clear(), clearTelemetry(env, meta.slug, storedSlug(environment))]);
      return Promise.all([ledgerOf({ environment, flag }).clear(), questions.clear(flag)]);
    },
    epoch: () => meta.epoch,
  });
}
