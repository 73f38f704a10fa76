import type { Slug } from "../../../shared/schema/names.ts";
import type { Env } from "../../env.ts";
import { log } from "../../log.ts";
import { within } from "../../within.ts";
import { propagationReports } from "../stubs.ts";
import { NO_FIGURES, type PropagationFigures } from "./methods.ts";

/** Figures that take longer (ms) are left out. */
const PATIENCE_MS = 2_000;

/** What data centres have reported; nothing when that cannot be had, since it is no reason to show nothing else. */
export const reportedFigures = (
  env: Env,
  project: Slug,
  environment: string | null,
  since: number | null = null,
): Promise<PropagationFigures> =>
  within(PATIENCE_MS, propagationReports(env, project).figures(environment, since)).catch((error: unknown) => {
    log({ event: "reports-unavailable", project, error: String(error) });
    return NO_FIGURES;
  });
