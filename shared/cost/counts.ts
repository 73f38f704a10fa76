/**
 * What each action takes, at most. Tests hold the product to these numbers, so that the bill is reckoned with what the
 * code does: rows of telemetry in `worker/objects/telemetry-shard/rows-written.test.ts`, of reports of use in
 * `worker/objects/flag-store/usage-counters.test.ts`, looks of guards in `worker/objects/guard/guard-cost.test.ts`, rows
 * of a change in `worker/objects/flag-store/rows-written.test.ts`, signals to relays in
 * `worker/objects/flag-store/publishing/relay-signals.test.ts`, rows of a data centre's report in
 * `worker/objects/propagation-reports/propagation-reports.test.ts`.
 */
export const COUNTS = {
  /** Rows for an event that a guard, plan or test watches, and for one that nothing watches; deletions included. */
  rowsAWatchedEvent: 1.2,
  rowsAnUnwatchedEvent: 0.05,
  /** Rows for a report of one isolate. */
  rowsAUsageReport: 1.1,
  /** Rows for the report of a data centre that serves a new version, however many isolates it has. */
  rowsACentresReport: 1,
  /** Versions of a change that a data centre reports: with the pointer, if it is a kill, and with the snapshot. */
  reportsAChange: 2,
  /** Signals that a relay gets after an edge has asked it, until it is left alone. */
  signalsAfterAQuestion: 60,
  /** Rows that a kill, and an edit of one flag, write in the store with everything that follows. */
  rowsAChange: 30,
  /** Rows and Durable Object requests that one look of a guard takes: its alarm and four shards. */
  rowsALook: 1.5,
  requestsALook: 5,
  /** Telemetry shards that take part in a batch, and events of a batch as senders usually make them. */
  shardsABatch: 4,
  eventsABatch: 200,
  /** Rows read by a pointer read and by an event. */
  rowsReadAPointer: 8,
  rowsReadAnEvent: 6,
} as const;

/** Measured with `npm run bench:http` (ms of CPU for one answer), and what an event takes at the edge. */
export const CPU_MS = { evaluation: 0.25, streamedAnswer: 0.03, event: 0.02, streamNotice: 0.3 } as const;

/** Seconds between two looks of a guard: see `worker/objects/guard/look-cadence.ts`. */
export const LOOK_SECONDS = { moving: 2, atRest: 60 } as const;
