import { DurableBase } from "../kernel/durable-base.ts";

/** Holds a project's pointer in one region of the world, for edges that are far from the store. */
export class Relay extends DurableBase {
  protected readonly methods = new Set<never>();
}
