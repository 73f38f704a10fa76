import type { Json } from "./project.ts";

/** What a pinned flag answers. Undefined: no value, so that the code's default applies. */
export type Pinned = Json | undefined;

/** OpenFeature's resolution details, as both SDKs take them. */
export interface Resolution<T> {
  value: T;
  variant?: string;
  reason: string;
  errorCode?: never;
  errorMessage?: string;
  flagMetadata?: Record<string, never>;
}

type Handler = (details?: object) => void;

/** An SDK's event emitter, without an SDK: this package must load where only one of the two is installed. */
export class Events {
  readonly #handlers = new Map<string, Set<Handler>>();

  addHandler(event: string, handler: Handler): void {
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers.add(handler));
  }

  removeHandler(event: string, handler: Handler): void {
    this.#handlers.get(event)?.delete(handler);
  }

  removeAllHandlers(event?: string): void {
    if (event === undefined) this.#handlers.clear();
    else this.#handlers.delete(event);
  }

  getHandlers(event: string): Handler[] {
    return [...(this.#handlers.get(event) ?? [])];
  }

  emit(event: string, details?: object): void {
    for (const handler of this.getHandlers(event)) handler(details);
  }

  setLogger(): this {
    return this;
  }
}

/** The values that a test has pinned, by flag. */
export class PinnedValues {
  readonly events = new Events();
  readonly #pinned = new Map<string, { value: Pinned; variant: string | undefined }>();

  constructor(values: Readonly<Record<string, Pinned>>) {
    for (const [flag, value] of Object.entries(values)) this.#pinned.set(flag, { value, variant: undefined });
  }

  /** The flag answers this from now on, whatever the context. */
  pin(flag: string, value: Pinned, variant?: string): void {
    this.#pinned.set(flag, { value, variant });
    this.#changed(flag);
  }

  /** The flag is unknown from now on. */
  unpin(flag: string): void {
    if (this.#pinned.delete(flag)) this.#changed(flag);
  }

  resolve<T>(flag: string, defaultValue: T): Resolution<T> {
    const pinned = this.#pinned.get(flag);
    if (!pinned) return failed(defaultValue, "FLAG_NOT_FOUND", `"${flag}" is not pinned in this test`);
    const { value, variant } = pinned;
    if (value === undefined) return { value: defaultValue, reason: "DEFAULT" };
    if (typeof value !== typeof defaultValue) {
      const message = `"${flag}" is pinned to a ${typeof value}, and the code asks for a ${typeof defaultValue}`;
      return failed(defaultValue, "TYPE_MISMATCH", message);
    }
    return { value: value as T, reason: "STATIC", ...(variant === undefined ? {} : { variant }) };
  }

  #changed(flag: string): void {
    this.events.emit("PROVIDER_CONFIGURATION_CHANGED", { flagsChanged: [flag] });
  }
}

const failed = <T>(value: T, errorCode: string, errorMessage: string): Resolution<T> => ({
  value,
  reason: "ERROR",
  errorCode: errorCode as never,
  errorMessage,
});
