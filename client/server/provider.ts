import {
  ErrorCode,
  type EvaluationContext,
  GeneralError,
  type Hook,
  type JsonValue,
  OpenFeatureEventEmitter,
  type Provider,
  ProviderEvents,
  ProviderFatalError,
  type ResolutionDetails,
  StandardResolutionReasons,
  type TrackingEventDetails,
} from "@openfeature/server-sdk";
import { evaluateAll } from "../../shared/evaluation/run/bulk.ts";
import { evaluate, prepare } from "../../shared/evaluation/run/evaluate.ts";
import { OpenFeatureTelemetry } from "../telemetry/openfeature-telemetry.ts";
import { asJson } from "./context.ts";
import type { InForce } from "./in-force.ts";
import { Live } from "./live.ts";
import type { BlastdoorProviderOptions } from "./options.ts";
import type { ValueKind } from "./resolved.ts";

/** The context attribute in which a customer's server signs who its user is: only the edge can check it. */
const SIGNED_CONTEXT = "blastdoorContext";

/**
 * An OpenFeature provider that evaluates in this process, with the evaluator that the edge runs:
 *
 * ```ts
 * await OpenFeature.setProviderAndWait(new BlastdoorProvider({ baseUrl, key }));
 * ```
 *
 * An evaluation asks nobody. Rules come from the edge: all of them at the start, then what changes, told by push and
 * looked for by polls. While nothing answers, the last rules stay in force.
 */
export class BlastdoorProvider implements Provider {
  readonly metadata = { name: "blastdoor" } as const;
  readonly runsOn = "server";
  readonly events = new OpenFeatureEventEmitter();
  readonly hooks: Hook[] = [];
  readonly #live: Live;
  readonly #telemetry: OpenFeatureTelemetry;

  constructor(options: BlastdoorProviderOptions) {
    const baseUrl = addressOf(options.baseUrl);
    if (typeof options.key !== "string" || options.key === "") throw new TypeError("key: a server key is missing");
    const warn = (message: string) => (options.logger ?? console).warn(`blastdoor: ${message}`);
    this.#telemetry = new OpenFeatureTelemetry({
      ...{ baseUrl, key: options.key },
      ...(options.fetch ? { fetch: options.fetch } : {}),
      ...(options.exposureAttributes ? { attributes: options.exposureAttributes } : {}),
      onDropped: (events, why) => warn(`${events} events could not be reported: ${why}`),
    });
    if (options.exposures !== false) this.hooks.push(this.#telemetry.hook);
    this.#live = new Live({
      ...{ options, baseUrl, warn },
      changed: (flags) =>
        this.events.emit(ProviderEvents.ConfigurationChanged, flags === null ? {} : { flagsChanged: flags }),
      fresh: () => this.events.emit(ProviderEvents.Ready),
      stale: (message) => this.events.emit(ProviderEvents.Stale, { message }),
      refused: (message) => this.events.emit(ProviderEvents.Error, { message }),
    });
  }

  /** Resolves with rules in force: of the edge, or of a file or snapshot while it does not answer. */
  async initialize(): Promise<void> {
    const failure = await this.#live.start();
    if (failure === null) return;
    // SDKs answer nothing but defaults after a fatal error, also once the key has been mended.
    throw failure.forGood ? new ProviderFatalError(failure.why) : new GeneralError(failure.why);
  }

  /** Ends connections and timers, and delivers what waits to be reported. */
  async onClose(): Promise<void> {
    await Promise.all([this.#live.close(), this.#telemetry.close()]);
  }

  resolveBooleanEvaluation(
    flagKey: string,
    defaultValue: boolean,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<boolean>> {
    return this.#resolve(flagKey, defaultValue, context, "boolean");
  }

  resolveStringEvaluation(
    flagKey: string,
    defaultValue: string,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<string>> {
    return this.#resolve(flagKey, defaultValue, context, "string");
  }

  resolveNumberEvaluation(
    flagKey: string,
    defaultValue: number,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<number>> {
    return this.#resolve(flagKey, defaultValue, context, "number");
  }

  resolveObjectEvaluation<T extends JsonValue>(
    flagKey: string,
    defaultValue: T,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    return this.#resolve(flagKey, defaultValue, context, "object");
  }

  /** Reports a conversion of that name. */
  track(name: string, context: EvaluationContext, details: TrackingEventDetails): void {
    this.#telemetry.track(name, context, details);
  }

  /**
   * All flags at once, as text: OFREP's bulk answer, such as a server hands to a page that it renders.
   *
   * @param audience whom it is for: "client" leaves out what pages may not learn
   */
  async evaluateAll(context: EvaluationContext, audience: "client" | "server" = "client"): Promise<string> {
    await this.#live.freshen();
    const rules = this.#live.rules;
    if (rules === null) return '{"flags":[]}';
    const own = ownContext(context);
    const { compiled, shards } = this.#ruling(rules);
    const subject = prepare(compiled, own, Date.now(), shards.memberships(compiled, own));
    return `{"flags":[${evaluateAll(compiled, subject, audience).flags}]}`;
  }

  #resolve<T extends JsonValue>(
    flagKey: string,
    defaultValue: T,
    context: EvaluationContext,
    kind: ValueKind,
  ): Promise<ResolutionDetails<T>> {
    const waiting = this.#live.freshen();
    return waiting === null
      ? this.#evaluate(flagKey, defaultValue, context, kind)
      : waiting.then(() => this.#evaluate(flagKey, defaultValue, context, kind));
  }

  #evaluate<T extends JsonValue>(
    flagKey: string,
    defaultValue: T,
    context: EvaluationContext,
    kind: ValueKind,
  ): Promise<ResolutionDetails<T>> {
    const known = this.#live.rules;
    if (known === null) return failure(defaultValue, ErrorCode.PROVIDER_NOT_READY, "there are no rules yet");
    const now = Date.now();
    const rules = now < known.staleAt ? known : this.#ruling(known);
    let own: object;
    try {
      own = ownContext(context);
    } catch (error) {
      return failure(defaultValue, ErrorCode.INVALID_CONTEXT, (error as Error).message);
    }
    const { compiled, shards } = rules;
    const memberships = compiled.lists.length === 0 ? undefined : shards.memberships(compiled, own, flagKey);
    const outcome = evaluate(compiled, flagKey, prepare(compiled, own, now, memberships));
    if (outcome === undefined)
      return failure(defaultValue, ErrorCode.FLAG_NOT_FOUND, "there is no flag of this key", flagKey);
    const resolved = rules.resolved(outcome);
    resolved.used = true;
    if (resolved.kind === kind) return resolved.promise as Promise<ResolutionDetails<T>>;
    const { reason, flagMetadata } = resolved;
    // No value: the code's default, for the reason that the edge would give.
    if (resolved.kind === null) return Promise.resolve({ value: defaultValue, reason, flagMetadata });
    const message = `the flag's value is a ${resolved.kind}, not a ${kind}`;
    return failure(defaultValue, ErrorCode.TYPE_MISMATCH, message, flagKey);
  }

  #ruling(rules: InForce): InForce {
    const now = Date.now();
    if (now >= rules.staleAt) rules.enforce(now);
    return rules;
  }
}

/** The context as rules see it. Throws when it means something else at the edge, or nothing. */
function ownContext(context: EvaluationContext): object {
  if (context[SIGNED_CONTEXT] !== undefined)
    throw new TypeError(
      `only the edge can check ${SIGNED_CONTEXT}: leave it out, and pass the attributes that you signed`,
    );
  try {
    return asJson(context);
  } catch (error) {
    throw new TypeError(`the context cannot be sent as JSON: ${(error as Error).message}`);
  }
}

function failure<T>(value: T, errorCode: ErrorCode, why: string, flag?: string): Promise<ResolutionDetails<T>> {
  const errorMessage = flag === undefined ? why : `${flag}: ${why}`;
  return Promise.resolve({ value, reason: StandardResolutionReasons.ERROR, errorCode, errorMessage });
}

function addressOf(baseUrl: string): string {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    throw new TypeError(`baseUrl: "${baseUrl}" is no address such as https://flags.shop.example`);
  }
  if (!/^https?:$/.test(url.protocol)) throw new TypeError(`baseUrl: "${baseUrl}" is neither http nor https`);
  return baseUrl.replace(/\/+$/, "");
}
