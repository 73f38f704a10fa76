import type { Json } from "../../schema/primitives.ts";
import type { Cause, EvaluationResult, Fragment, Outcome, OutcomeFlag, Reason } from "../model/outcome.ts";
import { fragmentOf, NOTHING } from "./fragment.ts";

/** An outcome and its pieces of bulk answers. */
export class EncodedOutcome implements Outcome {
  readonly key: string;
  readonly variant: string | null;
  readonly value: Json | undefined;
  readonly reason: Reason;
  readonly cause: Cause;
  readonly ruleId: string | null;
  readonly blocked: boolean;
  readonly clientVisible: boolean;
  readonly client: Fragment;
  readonly server: Fragment;

  /**
   * Encodes one result. A variant that the flag does not have is none. For a `targeted` flag, client keys always
   * read TARGETING_MATCH: the true reason would tell a split or a kill from a rule.
   */
  constructor(flag: OutcomeFlag, result: EvaluationResult) {
    const { reason, cause, ruleId } = result;
    const { key, offVariant, visibility } = flag;
    const variant = result.variant !== null && Object.hasOwn(flag.variants, result.variant) ? result.variant : null;
    this.key = key;
    this.variant = variant;
    this.value = variant === null ? undefined : flag.variants[variant];
    this.reason = reason;
    this.cause = cause;
    this.ruleId = ruleId;
    this.blocked = cause === "killed" || cause === "disabled" || cause === "blocked";
    this.clientVisible =
      visibility === "public" || (visibility === "targeted" && variant !== null && variant !== offVariant);
    const served =
      variant === null ? "" : `,"variant":${JSON.stringify(variant)},"value":${JSON.stringify(this.value)}`;
    const encoded = (shown: Reason, metadata: string): Fragment =>
      fragmentOf(`,{"key":${JSON.stringify(key)},"reason":"${shown}"${served}${metadata}}`);
    const metadata =
      cause === "killed"
        ? ',"metadata":{"killed":true}'
        : ruleId === null
          ? ""
          : `,"metadata":{"ruleId":${JSON.stringify(ruleId)}}`;
    const clientReason = visibility === "targeted" ? "TARGETING_MATCH" : reason;
    this.server = encoded(reason, metadata);
    this.client = !this.clientVisible
      ? NOTHING
      : metadata === "" && clientReason === reason
        ? this.server
        : encoded(clientReason, "");
    Object.freeze(this);
  }

  get clientJson(): string {
    return this.client.text.slice(1);
  }

  get serverJson(): string {
    return this.server.text.slice(1);
  }
}
