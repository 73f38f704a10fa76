/** One flag of an OFREP answer. Without a value, the code's default applies. */
export interface FirstFlag {
  key: string;
  value?: unknown;
  variant?: string;
  reason?: string;
}

/** What a page starts with: the answer to one bulk evaluation that its server made for this visitor. */
export interface FirstValues {
  /** The visitor, as the server knows them: the targeting key. */
  id: string;
  /** When it was evaluated (epoch ms). */
  at: number;
  etag: string | null;
  /** The address of the event stream, where one is offered. */
  stream?: string;
  /** By key. */
  flags: Record<string, FirstFlag>;
  /** Tells whether a context is the one that was evaluated. */
  of: string;
}

/** The element in which a page hands them to the browser. */
export const FIRST_VALUES_ID = "blastdoor-values";

/** A value from them; the fallback where there are none, the flag is not among them or has no value. */
export function firstValue<T>(values: FirstValues | null, flag: string, fallback: T): T {
  const found = values !== null && Object.hasOwn(values.flags, flag) ? values.flags[flag]?.value : undefined;
  return found === undefined ? fallback : (found as T);
}

/** A short name of a context: equal contexts have the same one, in whatever order their attributes stand. No secret. */
export function contextMark(context: unknown): string {
  const text = JSON.stringify(context, (_, value) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  return `${(high >>> 0).toString(36)}${(low >>> 0).toString(36)}`;
}
