import { DurableBase } from "../kernel/durable-base.ts";

/** Runs in a region that it was created in, to measure a deployment from there. */
export class Probe extends DurableBase {
  protected readonly methods = new Set<never>();
}
