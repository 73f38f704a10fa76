import type { FlagStoreMethods } from "./methods.ts";

/**
 * What a call may cost, and who bears it. `method-admission.ts` holds each class to its bounds.
 *
 * - `write`: changes the project, or belongs to a write (an upload, a webhook's new secret). Never turned away.
 * - `edge`: isolates ask only when KV fails them. Never turned away.
 * - `operator`: only administrators and timers ask.
 * - `pointer`, `trigger-lookup`, `usage-report`: a bounded rate of each.
 * - `snapshot`: a bounded rate, and a bounded number of characters.
 * - `point`: reads one document and what hangs on it.
 * - `list`: reads any number of documents.
 * - `history`: goes over everything there is, for any viewer.
 */
export type MethodClass =
  | "write"
  | "edge"
  | "operator"
  | "pointer"
  | "snapshot"
  | "trigger-lookup"
  | "usage-report"
  | "point"
  | "list"
  | "history";

/** Every method that `fetch` may call, with its class: a method that is not here does not compile and is not reachable. */
export const METHOD_CLASSES: Readonly<Record<keyof FlagStoreMethods, MethodClass>> = {
  execute: "write",
  beginList: "write",
  addToList: "write",
  webhookSecret: "write",
  signingSecret: "write",
  callTrigger: "write",
  restorePart: "write",

  listShard: "edge",
  keysInForce: "edge",
  confirmServed: "edge",
  pointer: "pointer",
  snapshot: "snapshot",
  block: "snapshot",
  knowsTrigger: "trigger-lookup",
  noteUsage: "usage-report",

  backupPage: "operator",
  drillsDue: "operator",
  hasPredecessor: "operator",

  getProject: "point",
  getDocument: "point",
  getFlag: "point",
  getState: "point",
  getDefinition: "point",
  getList: "point",
  getGuard: "point",
  getPlan: "point",
  getTest: "point",
  syntheticKey: "point",
  drill: "point",
  incident: "point",
  budget: "point",

  listFlags: "list",
  listDocuments: "list",
  listDefinitions: "list",
  listEnvironments: "list",
  listSchedules: "list",
  listGuards: "list",
  listPlans: "list",
  listPlanTemplates: "list",
  listFreezes: "list",
  listSigningKeys: "list",
  listTests: "list",
  listKeys: "list",
  listTriggers: "list",
  listWebhooks: "list",
  audit: "list",
  auditPage: "list",
  draft: "list",
  propagation: "list",
  metrics: "list",
  usage: "list",

  searchAudit: "history",
  searchAuditPage: "history",
  exportProject: "history",
  dora: "history",
  debt: "history",
  resilience: "history",
  listDeployments: "history",
};

/** The names alone, as `fetch` asks for them. */
export const METHODS: ReadonlySet<string> = new Set(Object.keys(METHOD_CLASSES));
