import { type Pinned, PinnedValues, type Resolution } from "./pinned-values.ts";

/** Pinned values behind OpenFeature: what both providers have in common. */
class Pinning {
  protected readonly values: PinnedValues;

  /** @param values by flag; undefined: no value, so that the code's default applies */
  constructor(values: Readonly<Record<string, Pinned>> = {}) {
    this.values = new PinnedValues(values);
  }

  /** The flag answers this from now on; clients hear of the change. */
  pin(flag: string, value: Pinned, variant?: string): this {
    this.values.pin(flag, value, variant);
    return this;
  }

  /** The flag is unknown from now on. */
  unpin(flag: string): this {
    this.values.unpin(flag);
    return this;
  }

  // Typed by each SDK in its own way.
  get events(): never {
    return this.values.events as never;
  }
}

/** For `@openfeature/server-sdk`. A flag that is not pinned is unknown, so that the code's default applies. */
export class PinnedProvider extends Pinning {
  readonly metadata = { name: "blastdoor-pinned" } as const;
  readonly runsOn = "server" as const;

  async resolveBooleanEvaluation(flag: string, defaultValue: boolean): Promise<Resolution<boolean>> {
    return this.values.resolve(flag, defaultValue);
  }

  async resolveStringEvaluation(flag: string, defaultValue: string): Promise<Resolution<string>> {
    return this.values.resolve(flag, defaultValue);
  }

  async resolveNumberEvaluation(flag: string, defaultValue: number): Promise<Resolution<number>> {
    return this.values.resolve(flag, defaultValue);
  }

  async resolveObjectEvaluation<T>(flag: string, defaultValue: T): Promise<Resolution<T>> {
    return this.values.resolve(flag, defaultValue);
  }
}

/** The same for `@openfeature/web-sdk`, and so for the React SDK. */
export class PinnedWebProvider extends Pinning {
  readonly metadata = { name: "blastdoor-pinned" } as const;
  readonly runsOn = "client" as const;

  resolveBooleanEvaluation(flag: string, defaultValue: boolean): Resolution<boolean> {
    return this.values.resolve(flag, defaultValue);
  }

  resolveStringEvaluation(flag: string, defaultValue: string): Resolution<string> {
    return this.values.resolve(flag, defaultValue);
  }

  resolveNumberEvaluation(flag: string, defaultValue: number): Resolution<number> {
    return this.values.resolve(flag, defaultValue);
  }

  resolveObjectEvaluation<T>(flag: string, defaultValue: T): Resolution<T> {
    return this.values.resolve(flag, defaultValue);
  }
}
