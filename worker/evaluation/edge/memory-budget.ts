import { LIMITS } from "../../../shared/limits.ts";

/**
 * Bytes that snapshots may take of an isolate's 128 MB, by the estimate of `shared/blocks/weight.ts`. Measured with
 * snapshots of 60 to 70 MiB by that estimate: they take 67 to 75 MB of heap with the Worker around them, and 100 MB hold
 * them through edits and through a change of everything. All isolates of a project load a change within the same second,
 * so one that is too large for one of them would bring all of them down together.
 */
export const SNAPSHOTS_BYTES = LIMITS.snapshotWeight;

/** On top of it, texts of a version on its way: they have to be here before the one in place can give way to it. */
export const TEXTS_BYTES = 10 * 1024 * 1024;
