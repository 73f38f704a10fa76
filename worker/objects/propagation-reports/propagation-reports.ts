import { DurableBase } from "../kernel/durable-base.ts";

/** What data centres report of the changes that they serve, apart from the store: a kill must not wait behind reports. */
export class PropagationReports extends DurableBase {
  protected readonly methods = new Set<never>();
}
