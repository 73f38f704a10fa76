import { WorkerEntrypoint } from "cloudflare:workers";
import type { Env } from "../../env.ts";
import { type BulkDetails, type BulkOptions, detailsOfAll } from "./bulk.ts";
import { type Details, detailsOf, type Kind, kindOf, type Place } from "./details.ts";

/** What a binding's `props` say in the other Worker's configuration. */
export interface FlagsProps {
  project: string;
  environment: string;
}

type Context = FlagshipEvaluationContext;
type Value = boolean | string | number | Record<string, unknown> | unknown[];

/**
 * Evaluates for other Workers of the account, through a service binding with `entrypoint = "Flags"`. Its methods are
 * those of Cloudflare Flagship's binding, so that Flagship's OpenFeature provider works with it. They see what a server
 * key sees. None throws: whatever is wrong, the caller's default comes back with an error code.
 */
export class Flags extends WorkerEntrypoint<Env, FlagsProps> implements Flagship {
  /** @deprecated As in Flagship: the type is not checked. */
  get(flagKey: string, defaultValue?: unknown, context?: Context): Promise<unknown> {
    return this.#value(flagKey, defaultValue, context, null);
  }

  /** The type wanted is that of the default. */
  getValue<T extends Value>(flagKey: string, defaultValue: T, context?: Context): Promise<FlagshipWidenedValue<T>> {
    return this.#value(flagKey, defaultValue, context, kindOf(defaultValue));
  }

  getBooleanValue(flagKey: string, defaultValue: boolean, context?: Context): Promise<boolean> {
    return this.#value(flagKey, defaultValue, context, "boolean");
  }

  getStringValue(flagKey: string, defaultValue: string, context?: Context): Promise<string> {
    return this.#value(flagKey, defaultValue, context, "string");
  }

  getNumberValue(flagKey: string, defaultValue: number, context?: Context): Promise<number> {
    return this.#value(flagKey, defaultValue, context, "number");
  }

  getObjectValue<T extends object>(flagKey: string, defaultValue: T, context?: Context): Promise<T> {
    return this.#value(flagKey, defaultValue, context, "object");
  }

  getDetails<T extends Value>(
    flagKey: string,
    defaultValue: T,
    context?: Context,
  ): Promise<Details<FlagshipWidenedValue<T>>> {
    return this.#details(flagKey, defaultValue, context, kindOf(defaultValue));
  }

  getBooleanDetails(flagKey: string, defaultValue: boolean, context?: Context): Promise<Details<boolean>> {
    return this.#details(flagKey, defaultValue, context, "boolean");
  }

  getStringDetails(flagKey: string, defaultValue: string, context?: Context): Promise<Details<string>> {
    return this.#details(flagKey, defaultValue, context, "string");
  }

  getNumberDetails(flagKey: string, defaultValue: number, context?: Context): Promise<Details<number>> {
    return this.#details(flagKey, defaultValue, context, "number");
  }

  getObjectDetails<T extends object>(flagKey: string, defaultValue: T, context?: Context): Promise<Details<T>> {
    return this.#details(flagKey, defaultValue, context, "object");
  }

  /** Every flag at once; Flagship has no such method. */
  getAllDetails(context?: Context, options?: BulkOptions): Promise<BulkDetails> {
    return detailsOfAll(this.#place, context, options);
  }

  // With #: every other method can be called by any Worker that binds this one.
  get #place(): Place {
    const { ctx, env } = this;
    return { props: ctx.props, env, waitUntil: (work) => ctx.waitUntil(work) };
  }

  #details<T>(flagKey: string, defaultValue: unknown, context: unknown, kind: Kind | null): Promise<Details<T>> {
    return detailsOf(this.#place, flagKey, defaultValue, context, kind) as Promise<Details<T>>;
  }

  async #value<T>(flagKey: string, defaultValue: unknown, context: unknown, kind: Kind | null): Promise<T> {
    return (await this.#details<T>(flagKey, defaultValue, context, kind)).value;
  }
}
