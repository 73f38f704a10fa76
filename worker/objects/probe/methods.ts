import type { ProbeOrder, ProbeReport } from "../../../shared/schema/probe.ts";

/** What may be asked of a probe, over JSON. */
export interface ProbeMethods {
  /** @param address of `/v1/probe` as the public reaches it */
  look(address: string, order: ProbeOrder): Promise<ProbeReport>;
}
