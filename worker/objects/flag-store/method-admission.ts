import {
  CALL_CHARS,
  HEAVY_READS_AT_ONCE,
  HEAVY_READS_PER_S,
  LIST_CHARS_AT_ONCE,
  LIST_CHARS_PER_S,
  POINT_CHARS_AT_ONCE,
  POINT_CHARS_PER_S,
  POINTER_READS_AT_ONCE,
  POINTER_READS_PER_S,
  RateGate,
  ReadBudget,
  SNAPSHOT_CHARS_AT_ONCE,
  SNAPSHOT_CHARS_PER_S,
  SNAPSHOT_READS_AT_ONCE,
  SNAPSHOT_READS_PER_S,
  TRIGGER_LOOKS_AT_ONCE,
  TRIGGER_LOOKS_PER_S,
  USAGE_REPORTS_AT_ONCE,
  USAGE_REPORTS_PER_S,
} from "../kernel/admission.ts";
import { METHOD_CLASSES, type MethodClass } from "./method-classes.ts";

/** What holds a class to its bounds. Without a gate and a budget a call always passes. */
interface Bounds {
  readonly gate?: RateGate;
  readonly budget?: ReadBudget;
}

/** Classes that people ask for, who can be told so. */
const FOR_PEOPLE: ReadonlySet<MethodClass> = new Set(["point", "list", "history"]);

/** Decides which calls of one store may run, so that no crowd of readers delays a write. */
export class MethodAdmission {
  readonly #bounds: Readonly<Record<MethodClass, Bounds>>;
  readonly #charsRead: () => number;
  /** What had been read when the present call began. */
  #readBefore = 0;

  /** @param charsRead what has been read of documents, and searched in the history, so far */
  constructor(charsRead: () => number) {
    this.#charsRead = charsRead;
    const list = new ReadBudget(LIST_CHARS_PER_S, LIST_CHARS_AT_ONCE);
    this.#bounds = {
      write: {},
      edge: {},
      operator: {},
      pointer: { gate: new RateGate(POINTER_READS_PER_S, POINTER_READS_AT_ONCE) },
      snapshot: {
        gate: new RateGate(SNAPSHOT_READS_PER_S, SNAPSHOT_READS_AT_ONCE),
        budget: new ReadBudget(SNAPSHOT_CHARS_PER_S, SNAPSHOT_CHARS_AT_ONCE),
      },
      "trigger-lookup": { gate: new RateGate(TRIGGER_LOOKS_PER_S, TRIGGER_LOOKS_AT_ONCE) },
      "usage-report": { gate: new RateGate(USAGE_REPORTS_PER_S, USAGE_REPORTS_AT_ONCE) },
      point: { budget: new ReadBudget(POINT_CHARS_PER_S, POINT_CHARS_AT_ONCE) },
      list: { budget: list },
      history: { budget: list, gate: new RateGate(HEAVY_READS_PER_S, HEAVY_READS_AT_ONCE) },
    };
  }

  /** Asked when a call arrives, before its body is read. A read without room takes nothing from its class's rate. */
  admits(method: string, now: number): boolean {
    return this.begins(method, now) && (this.#of(method).gate?.admits(now) ?? true);
  }

  /** Asked again when the call is about to run: calls that arrived with it may have used the budget up. */
  begins(method: string, now: number): boolean {
    this.#readBefore = this.#charsRead();
    return this.#of(method).budget?.hasRoom(now) ?? true;
  }

  /** Charges a call that has run for what it read and for the characters that it answers. */
  ends(method: string, chars: number): void {
    this.#of(method).budget?.charge(CALL_CHARS + this.#charsRead() - this.#readBefore + chars);
  }

  /** 429 for callers that read too much; 503 for edges, which count it as an outage and go on with what they have. */
  refusalOf(method: string): 429 | 503 {
    return FOR_PEOPLE.has(METHOD_CLASSES[method as keyof typeof METHOD_CLASSES]) ? 429 : 503;
  }

  #of(method: string): Bounds {
    return this.#bounds[METHOD_CLASSES[method as keyof typeof METHOD_CLASSES]];
  }
}
