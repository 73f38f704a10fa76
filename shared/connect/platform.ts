import type { FlagDefinition } from "../schema/flag.ts";
import type { Json } from "../schema/primitives.ts";

/** What code asks for, and how. */
export interface Asked {
  baseUrl: string;
  /** The key's secret, or what stands in its place. */
  key: string;
  flag: string;
  type: FlagDefinition["type"];
  /** What the code goes on with when nothing answers: the off variant's value. */
  fallback: Json;
  /** A variant of the flag, as an exposure names it. */
  variant: string;
  /** All of its values are whole numbers: some languages tell them apart from others. */
  isWhole: boolean;
}

/** A place where an app may run: a tab of *Connect your app*. */
export interface Platform {
  id: string;
  name: string;
  /** A browser's key is public, a server's is not. */
  keyKind: "client" | "server";
  /** Fetches the packages; null: there are none. */
  install: string | null;
  /** Asks for the flag. */
  ask: (asked: Asked) => string;
  /** Reports an exposure and what came of it. */
  report: (asked: Asked) => string;
}

type Names = Record<FlagDefinition["type"], string>;

/** "Boolean", "String", "Number", "Object": how OpenFeature names a type in most languages. */
export const TYPE_NAMES: Names = { boolean: "Boolean", string: "String", number: "Number", json: "Object" };

/** The body of a report, with two parts that a language makes itself: a new id, and the time in milliseconds. */
export const reportBody = ({ flag, variant }: Asked, id: string, now: string): string => `{
  "batchId": ${id}, "sentAt": ${now},
  "events": [
    { "id": ${id}, "type": "exposure", "unit": { "targetingKey": "user-1" }, "time": ${now},
      "flag": ${JSON.stringify(flag)}, "variant": ${JSON.stringify(variant)} },
    { "id": ${id}, "type": "outcome", "unit": { "targetingKey": "user-1" }, "time": ${now},
      "metric": "outcome", "ok": true, "latencyMs": 180 }
  ]
}`;

/** Each line further in, but for the first. */
export const indented = (text: string, by: string): string => text.replaceAll("\n", `\n${by}`);
