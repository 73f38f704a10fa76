/**
 * What the product promises in times and counts, for the tests that hold it to them. The numbers are written out and
 * not imported: who loosens a constant of the product breaks a test. A bound in a test is one of these, or one of
 * these plus SLACK_MS; how long a test waits for something that has no promised time is PATIENCE_MS.
 */

/**
 * No evaluation that begins this long (ms) after a kill or any other change serves what was before it, while a refresh
 * takes less than a second (README.md; docs/design.md, "What is measured"; docs/propagation.md, the targets).
 */
export const CHANGE_MS = 2_000;

/** An event stream tells of a change within the same time (ms), its spread of notices included (docs/propagation.md). */
export const STREAM_MS = 2_000;

/** The notices of one change are spread over this long (ms) (docs/design.md, "Event streams"). */
export const NOTICE_SPREAD_MS = 300;

/** A request with nothing in memory is answered after this long (ms) at the latest (docs/design.md, the age table). */
export const COLD_ANSWER_MS = 2_000;

/** A request whose knowledge is older than the bound waits this long (ms) at most (docs/design.md, the age table). */
export const OVERDUE_ANSWER_MS = 1_000;

/** The data centre's copy of a pointer lives this long (ms) by true time (docs/design.md, "What an edge knows"). */
export const COPY_MS = 1_000;

/** An isolate whose clock stands still refreshes with this request of a row (docs/design.md, "Ages survive wrong clocks"). */
export const FROZEN_CLOCK_REQUESTS = 256;

/**
 * A break-glass kill is in force this long (ms) after KV shows it: a store that hangs counts as out of reach after
 * five seconds, the next refresh comes within one, and then edges look every five (docs/runbook-break-glass.md).
 */
export const BREAK_GLASS_MS = 6_000;

/**
 * The one slack (ms). The promises count from a commit and add a refresh's round trip; tests count from when they send
 * the change. Both take a few ms, but on a busy machine they wait for a processor: 379 ms was the slowest commit seen
 * under load (docs/propagation.md).
 */
export const SLACK_MS = 500;

/** How long (ms) a test waits for what has no promised time: reached only when something is wrong. */
export const PATIENCE_MS = 20_000;
