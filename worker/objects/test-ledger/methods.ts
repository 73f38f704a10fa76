import type { DemandCell } from "../../../shared/demand/demand.ts";
import type { DoorSettings } from "./door-doubts.ts";
import type { LedgerDelivery, LedgerPage } from "./ledger-backup.ts";

/** What happened at a door, as the edge saw it. People and networks are keyed hashes; no address comes this far. */
export interface DoorEvent {
  readonly project: string;
  readonly environment: string;
  readonly flag: string;
  readonly run: number;
  readonly settings: DoorSettings;
  readonly action: "seen" | "click";
  readonly unit: string;
  /** Sent by edges of before this version on a browser's word, and ignored: see `owner`. */
  readonly user?: string | undefined;
  /** Whom a server key says that this browser belongs to; null: to nobody, so a join is undone. */
  readonly owner?: string | null | undefined;
  /** Since the door was evaluated for this person (ms). */
  readonly ageMs: number;
  readonly network: string;
  readonly country: string;
  readonly device: string;
  readonly bot: boolean;
  readonly at: number;
}

export type DoorState = "new" | "seen" | "clicked";

/** Whose state is asked for, and from which network. */
export interface Standing {
  readonly unit: string;
  /** Named by a server key: then the state is that of all browsers that were joined to this user. */
  readonly owner?: string | undefined;
  /** A doubtful click is shown to its own network only: forged from elsewhere, it hides the door from nobody. */
  readonly network?: string | undefined;
}

/** What may be asked of a ledger, over JSON. Edges of an older version call a newer ledger: a method stays as it is. */
export interface TestLedgerMethods {
  /** As edges of an older version ask; newer ones ask for the `standing`. */
  door(run: number, unit: string): DoorState;
  standing(run: number, whose: Standing): DoorState;
  record(event: DoorEvent): DoorState;
  recordAll(events: DoorEvent[]): void;
  join(unit: string, owner: string | null): void;
  refused(run: number): number;
  sighted(origin: string, at: number): void;
  pages(): { origin: string; at: string }[];
  cells(run: number, windowDays: number, asOf: number): DemandCell[];
  forget(id: string): void;
  clear(): Promise<void>;
  backupPage(cursor: string | null): LedgerPage;
  restorePart(project: string, delivery: LedgerDelivery): boolean;
}
