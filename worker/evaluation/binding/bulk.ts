import { type Audience, evaluateFor } from "../../../shared/evaluation/run/evaluate.ts";
import { previewedVariant } from "../../../shared/evaluation/run/preview.ts";
import { log } from "../../log.ts";
import { type Admitted, admit, type ErrorCode, Failure, type Place } from "./admitted.ts";
import { type Details, previewed, servedBy } from "./details.ts";

/** Of a bulk call. */
export interface BulkOptions {
  /** "client": only what a client key may learn, so that the answer may be handed to a browser. "server" unless set. */
  audience?: Audience;
}

export interface BulkDetails {
  /** By key. Of a flag without a value, the value is undefined: the code's default applies. */
  flags: Record<string, Details>;
  errorCode?: ErrorCode;
  errorMessage?: string;
}

/** All flags for one context. */
export async function detailsOfAll(place: Place, context: unknown, options: unknown): Promise<BulkDetails> {
  try {
    const asked = (options ?? {}) as BulkOptions;
    const { audience = "server" } = asked;
    if (audience !== "client" && audience !== "server")
      return failed(new Failure("GENERAL", 'the option "audience" must be "client" or "server"'));
    const admitted = await admit(place, context, audience, null);
    return admitted instanceof Failure ? failed(admitted) : { flags: all(admitted, audience) };
  } catch (error) {
    log({ event: "unexpected-error", path: "Flags", error: String(error) });
    return failed(new Failure("GENERAL", "something went wrong on our side"));
  }
}

const failed = ({ errorCode, errorMessage }: Failure): BulkDetails => ({ flags: {}, errorCode, errorMessage });

function all({ loaded: { compiled }, subject, previews }: Admitted, audience: Audience): Record<string, Details> {
  const found: Record<string, Details> = {};
  for (const { flags } of compiled.parts)
    for (const flag of flags) {
      const { key, variants, visibility } = flag;
      const variant = previewedVariant(flag, previews, audience);
      const outcome = evaluateFor(compiled, key, subject, audience);
      if (variant !== undefined) found[key] = previewed(key, variant, variants[variant]);
      else if (outcome && audience === "server") found[key] = servedBy(outcome);
      else if (outcome) found[key] = forBrowsers(servedBy(outcome), visibility === "targeted");
    }
  return found;
}

/** As client keys read it: the true reason of a targeted flag would tell a split or a kill from a rule. */
function forBrowsers({ flagMetadata: _, ...details }: Details, isTargeted: boolean): Details {
  return isTargeted ? { ...details, reason: "TARGETING_MATCH" } : details;
}
