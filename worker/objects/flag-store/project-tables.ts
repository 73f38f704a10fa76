import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import { AuditLog } from "./audit.ts";
import { buildSnapshot, type SnapshotIdentity } from "./build-snapshot.ts";
import { deliveryEventsOf } from "./decide/delivery.ts";
import { DeliveryLog } from "./delivery-log.ts";
import { Derived } from "./derived.ts";
import { Documents } from "./documents.ts";
import { Notices } from "./notices.ts";
import { PropagationLog } from "./propagation-log.ts";
import { Publications } from "./publications.ts";
import { RenderedBlocks } from "./rendering/rendered-blocks.ts";
import { SegmentLists } from "./segment-lists.ts";
import { StoreMeta } from "./store-meta.ts";
import { TriggerCalls } from "./trigger-calls.ts";
import { UsageCounters } from "./usage-counters.ts";
import { UsageLog } from "./usage-log.ts";

/** Everything that a project's store keeps, in one SQLite database: the parts of the store share it. */
export class ProjectTables {
  readonly sql: SqlStorage;
  readonly meta: StoreMeta;
  readonly documents: Documents;
  readonly auditLog: AuditLog;
  readonly publications: Publications;
  readonly propagationLog: PropagationLog;
  readonly usageLog: UsageLog;
  readonly counters: UsageCounters;
  readonly lists: SegmentLists;
  readonly delivery: DeliveryLog;
  readonly triggerCalls: TriggerCalls;
  readonly notices: Notices;
  readonly derived: Derived;
  readonly rendered: RenderedBlocks;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    this.meta = new StoreMeta(sql);
    this.documents = new Documents(sql);
    this.auditLog = new AuditLog(sql);
    this.publications = new Publications(sql);
    this.propagationLog = new PropagationLog(sql);
    this.usageLog = new UsageLog(sql);
    this.counters = new UsageCounters(sql);
    this.lists = new SegmentLists(sql);
    this.delivery = new DeliveryLog(sql);
    this.triggerCalls = new TriggerCalls(sql);
    this.notices = new Notices(sql);
    this.derived = new Derived(sql);
    this.rendered = new RenderedBlocks(sql);
  }

  /** What has been read of documents, and searched in the history, so far. */
  get charsRead(): number {
    return this.documents.charsRead + this.auditLog.bytesSearched;
  }

  hasProject(): boolean {
    return this.documents.get("project", "", this.meta.project) !== null;
  }

  hasEnvironment(environment: string): boolean {
    return this.documents.get("environment", "", environment) !== null;
  }

  /** An environment's snapshot as the documents stand now, with the project's own secret, as edges get it. */
  snapshotNow(environment: string): Snapshot {
    return buildSnapshot(this.documents, this.identityOf(environment), (salt) => this.meta.listKey(salt));
  }

  /** What tells an environment's snapshot of this instant from any other. */
  identityOf(environment: string): SnapshotIdentity {
    const { project, epoch, sealKey } = this.meta;
    return { project, environment, epoch, revision: this.auditLog.latestRevision, sealKey };
  }

  /** Builds the delivery events anew from the audit, as after a restore. Confirmations are not in it. */
  rebuildDelivery(): void {
    this.delivery.clear();
    for (const row of this.auditLog.entries()) {
      for (const event of deliveryEventsOf(row, this.documents)) this.delivery.note(event);
      for (const { entity, key, after } of row.changes)
        if (entity === "environment" && after === null) this.delivery.forgetEnvironment(key);
    }
  }
}
