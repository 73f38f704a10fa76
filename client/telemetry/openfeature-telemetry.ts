import type { EvaluationContext, Hook, TrackingEventDetails } from "@openfeature/server-sdk";
import { type EvaluationAttributes, evaluationAttributes, flagSetOf } from "./evaluation-event.ts";
import { EventSender, type ReportedEvent, type SenderOptions } from "./event-sender.ts";

export interface TelemetryOptions extends SenderOptions {
  /**
   * Attributes of the evaluation context that identify the unit or that a staff segment asks for; `targetingKey` is
   * always among them. They are hashed on arrival; leave out what nobody needs.
   */
  attributes?: readonly string[];
  /** The same unit and variant are reported again after this long (ms); 10,000 unless set. */
  repeatMs?: number;
  /**
   * Hears of each evaluation with the attributes of OpenTelemetry's event `feature_flag.evaluation`, to hand them to a
   * span or a logger. Set id and version are told with server keys only.
   */
  onEvaluation?: (attributes: EvaluationAttributes) => void;
}

/** What came of a request or a person, for `outcome`. */
export interface Outcome {
  ok?: boolean;
  latencyMs?: number;
  value?: number;
  /** Only this flag's release is meant; all that name the metric, unless set. */
  flag?: string;
}

/** The attribute of a context that carries what the customer's server has signed. */
const SIGNED_CONTEXT = "blastdoorContext";

/** Units remembered so that they are not reported at every evaluation. */
const MAX_REMEMBERED = 50_000;

/**
 * Reports what a server's flags did to Blastdoor, through any OpenFeature provider:
 *
 * ```ts
 * const telemetry = new OpenFeatureTelemetry({ baseUrl, key: serverKey });
 * OpenFeature.addHooks(telemetry.hook);                                       // exposures, by themselves
 * telemetry.outcome("outcome", context, { ok: response.ok, latencyMs });     // outcomes, where they are known
 * await telemetry.close();                                                    // before the process ends
 * ```
 */
export class OpenFeatureTelemetry {
  /** For `OpenFeature.addHooks`, or a client's. */
  readonly hook: Hook;
  readonly #sender: EventSender;
  readonly #attributes: readonly string[];
  readonly #repeatMs: number;
  /** When each unit's variant was reported last, the longest ago first. */
  readonly #reported = new Map<string, number>();

  constructor(options: TelemetryOptions) {
    this.#sender = new EventSender(options);
    this.#attributes = ["targetingKey", ...(options.attributes ?? [])];
    this.#repeatMs = options.repeatMs ?? 10_000;
    const flagSet = flagSetOf(options.key);
    const { onEvaluation } = options;
    this.hook = {
      after: ({ flagKey, context }, { variant, reason, flagMetadata }) => {
        // Without a variant the application's own default was served: nobody met the flag.
        if (variant === undefined || reason === "ERROR") return;
        const exposure: ReportedEvent = { type: "exposure", unit: this.#unit(context), flag: flagKey, variant };
        if (reason !== undefined) exposure.reason = reason;
        // What a preview forced says so itself, whatever the context asked for: it is told apart and not counted.
        if (flagMetadata.preview === true) exposure.marks = ["preview"];
        if (typeof flagMetadata.ruleId === "string") exposure.rule = flagMetadata.ruleId;
        this.#expose(exposure, signedContextOf(context));
      },
      // Once for each evaluation, whether it failed or not.
      ...(onEvaluation && {
        finally: (context, details) => onEvaluation(evaluationAttributes(context, details, flagSet)),
      }),
    };
  }

  /** What came of a request of this unit, as the metric of that name counts it. */
  outcome(metric: string, context: EvaluationContext, outcome: Outcome = {}): void {
    const unit = this.#unit(context);
    if (Object.keys(unit).length === 0) return;
    this.#sender.report({ type: "outcome", unit, metric, ...outcome }, signedContextOf(context));
  }

  /** The unit converted. */
  conversion(metric: string, context: EvaluationContext, value?: number): void {
    const unit = this.#unit(context);
    if (Object.keys(unit).length === 0) return;
    const event: ReportedEvent = { type: "conversion", unit, metric, ...(value === undefined ? {} : { value }) };
    this.#sender.report(event, signedContextOf(context));
  }

  /** OpenFeature's `track`, for providers that have none: a conversion of that name. */
  track(name: string, context: EvaluationContext = {}, details: TrackingEventDetails = {}): void {
    this.conversion(name, context, details.value);
  }

  /** Resolves when everything reported so far was delivered or given up. */
  flush(): Promise<void> {
    return this.#sender.flush();
  }

  close(): Promise<void> {
    return this.flush();
  }

  #unit(context: EvaluationContext): ReportedEvent["unit"] {
    const unit: ReportedEvent["unit"] = {};
    const signed = signedAttributes(signedContextOf(context));
    for (const attribute of this.#attributes) {
      const value = signed[attribute] ?? context[attribute];
      if (typeof value === "string" ? value !== "" : typeof value === "number" || typeof value === "boolean")
        unit[attribute] = value as string | number | boolean;
    }
    return unit;
  }

  #expose(exposure: ReportedEvent, signedContext: string | undefined): void {
    if (Object.keys(exposure.unit).length === 0) return;
    const { flag, variant, rule, marks, unit } = exposure;
    // Of a signed context its signature alone: a thousand tokens in memory would be megabytes.
    const signature = signedContext?.slice(signedContext.lastIndexOf(".") + 1);
    const who = JSON.stringify([flag, variant, rule, marks, unit, signature]);
    const now = Date.now();
    const before = this.#reported.get(who);
    if (before !== undefined && Math.abs(now - before) < this.#repeatMs) return;
    this.#reported.delete(who);
    if (this.#reported.size >= MAX_REMEMBERED) {
      for (const longest of this.#reported.keys()) {
        this.#reported.delete(longest);
        break;
      }
    }
    this.#reported.set(who, now);
    this.#sender.report(exposure, signedContext);
  }
}

function signedContextOf(context: EvaluationContext): string | undefined {
  const token = context[SIGNED_CONTEXT];
  return typeof token === "string" ? token : undefined;
}

/**
 * What a signed context says of its user, unchecked: it names the unit as Blastdoor will, which checks the signature and
 * believes nothing of the event's unit that contradicts it.
 */
function signedAttributes(token: string | undefined): Record<string, unknown> {
  const payload = token?.split(".")[1];
  if (payload === undefined) return {};
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const { sub, context } = JSON.parse(new TextDecoder().decode(bytes));
    return { ...(sub === undefined ? {} : { userId: sub }), ...context };
  } catch {
    return {};
  }
}
