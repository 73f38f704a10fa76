import type { DemandCell } from "../../../shared/demand/demand.ts";

/** Below so many people counting costs less than an answer does. */
const LEAST_PEOPLE = 10_000;
/** A count of a run is given out again for so long (ms a person): 10 s with a million people. */
const KEEP_MS_PER_PERSON = 0.01;

interface Counted {
  readonly run: number;
  readonly windowDays: number;
  readonly asOf: number;
  readonly until: number;
  readonly cells: DemandCell[];
}

/**
 * The last count of a large run. Counting reads all its people in the object that records them, so that somebody who
 * asks for results again and again must not keep it from recording.
 */
export class RememberedCells {
  #last: Counted | null = null;

  /** The last count, if it is young enough for its size; else `count` counts. `people`: how many the run has. */
  cells(run: number, windowDays: number, asOf: number, people: number, count: () => DemandCell[]): DemandCell[] {
    const last = this.#last;
    const isSame = last !== null && last.run === run && last.windowDays === windowDays;
    if (isSame && last.asOf <= asOf && asOf < last.until) return last.cells;
    const cells = count();
    const until = asOf + people * KEEP_MS_PER_PERSON;
    this.#last = people < LEAST_PEOPLE ? null : { run, windowDays, asOf, until, cells };
    return cells;
  }

  /** Somebody was forgotten, joined or put back: no count of before is given out. */
  clear(): void {
    this.#last = null;
  }
}
