/** Attributes of whom a flag is evaluated for. */
export type Context = Record<string, ContextValue>;
export type ContextValue = string | number | boolean | null | ContextValue[] | { [name: string]: ContextValue };

/** Why the caller's default was answered instead of the flag's value. */
export type ErrorCode = "FLAG_NOT_FOUND" | "TYPE_MISMATCH" | "PARSE_ERROR" | "INVALID_CONTEXT" | "GENERAL";

/** What a flag came to. */
export interface Details<T> {
  flagKey: string;
  /** The flag's value, or the caller's default. */
  value: T;
  /** The variant served; none where the default was. */
  variant?: string;
  /** OpenFeature's reason; `ERROR` beside an `errorCode`. An off or kill variant never says `DISABLED`. */
  reason: string;
  errorCode?: ErrorCode;
  errorMessage?: string;
  flagMetadata?: { killed?: true; preview?: true; ruleId?: string };
}

/** Every flag at once. */
export interface AllDetails {
  /** By key. The value of a flag that serves none is undefined. */
  flags: Record<string, Details<unknown>>;
  errorCode?: ErrorCode;
  errorMessage?: string;
}

export interface AllOptions {
  /** "client": what a client key may learn, and nothing else, so that a browser may have it. "server" unless set. */
  audience?: "client" | "server";
}

/**
 * The binding to Blastdoor's `Flags` entrypoint: `interface Env { FLAGS: FlagsBinding }`. Its methods are those of
 * Cloudflare Flagship's binding, and `getAllDetails`. No call throws for bad input: the default comes back.
 */
export interface FlagsBinding {
  /** @deprecated The type of the value is not checked; take `getValue`. */
  get(flagKey: string, defaultValue?: unknown, context?: Context): Promise<unknown>;
  /** The value, if it is of the default's type. */
  getValue<T extends Value>(flagKey: string, defaultValue: T, context?: Context): Promise<Widened<T>>;
  getBooleanValue(flagKey: string, defaultValue: boolean, context?: Context): Promise<boolean>;
  getStringValue(flagKey: string, defaultValue: string, context?: Context): Promise<string>;
  getNumberValue(flagKey: string, defaultValue: number, context?: Context): Promise<number>;
  getObjectValue<T extends object>(flagKey: string, defaultValue: T, context?: Context): Promise<T>;
  getDetails<T extends Value>(flagKey: string, defaultValue: T, context?: Context): Promise<Details<Widened<T>>>;
  getBooleanDetails(flagKey: string, defaultValue: boolean, context?: Context): Promise<Details<boolean>>;
  getStringDetails(flagKey: string, defaultValue: string, context?: Context): Promise<Details<string>>;
  getNumberDetails(flagKey: string, defaultValue: number, context?: Context): Promise<Details<number>>;
  getObjectDetails<T extends object>(flagKey: string, defaultValue: T, context?: Context): Promise<Details<T>>;
  /** Every flag for one context, in one call. */
  getAllDetails(context?: Context, options?: AllOptions): Promise<AllDetails>;
}

export type Value = boolean | string | number | Record<string, unknown> | unknown[];
/** `boolean` for `true`, and so on. */
export type Widened<T> = T extends boolean ? boolean : T extends string ? string : T extends number ? number : T;

/** What `edgeOf` reads of a request. */
interface VisitorRequest {
  readonly headers: { get(name: string): string | null };
  readonly cf?: unknown;
}

const PROPERTIES = ["country", "region", "city", "continent", "asn", "colo", "timezone"];

/**
 * What Cloudflare knows of the visitor, for rules that test `edge.*`: Blastdoor sees the call of your Worker and not the
 * visitor's request. Spread it into the context. Its names are flat (`"edge.country"`), because Flagship's OpenFeature
 * provider drops objects.
 */
export function edgeOf(request: VisitorRequest): Record<string, string | number> {
  const known = (request.cf ?? {}) as Record<string, unknown>;
  const found: Record<string, string | number> = {};
  for (const name of PROPERTIES) {
    const value = known[name];
    if (typeof value === "string" || typeof value === "number") found[`edge.${name}`] = value;
  }
  const ip = request.headers.get("CF-Connecting-IP");
  const userAgent = request.headers.get("User-Agent");
  if (ip !== null) found["edge.ip"] = ip;
  if (userAgent !== null) found["edge.userAgent"] = userAgent;
  return found;
}
