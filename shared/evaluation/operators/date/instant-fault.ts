import type { Value, ValueFault } from "../family.ts";
import { parseInstant } from "./instant.ts";

const EXAMPLE = "2026-11-22T12:00:00Z";
const DATE_TIME = /^(\d{4}-\d\d-\d\d)(?:[Tt ]+(\d\d:\d\d(?::\d\d(?:\.\d+)?)?) *(?:([Zz])|([+-]\d\d):?(\d\d)?)?)?$/;
const ENDS_WITH_ZONE = /(?:\b(?:Z|GMT|UTC)|[+-]\d\d:?\d\d)$/i;

/** Why the evaluator reads no instant in a value of a test, and the instant that is probably meant. */
export function instantFault(value: Value): ValueFault | null {
  if (typeof value !== "string" || !Number.isNaN(parseInstant(value))) return null;
  const text = value.trim();
  const parts = DATE_TIME.exec(text);
  if (parts === null) return { reason: `is no ISO 8601 instant such as ${EXAMPLE}`, corrected: spelledOut(text) };
  const [, day = "", time, z, hours, minutes = "00"] = parts;
  const zone = hours === undefined ? "Z" : `${hours}:${minutes}`;
  const corrected = time === undefined ? day : `${day}T${time}${zone}`;
  if (Number.isNaN(parseInstant(corrected))) return { reason: "names a day or a time that does not exist" };
  const hasZone = time === undefined || z !== undefined || hours !== undefined;
  return { reason: hasZone ? "is not written as ISO 8601 asks" : "has no time zone", corrected };
}

/** Another notation, such as "Jan 1 2026", in ISO 8601. Without a zone it is taken for UTC. */
function spelledOut(text: string): string | undefined {
  // The runtime makes days up where a text has numbers only.
  if (!/[a-z]{3}/i.test(text)) return undefined;
  const at = Date.parse(ENDS_WITH_ZONE.test(text) ? text : `${text} UTC`);
  if (Number.isNaN(at)) return undefined;
  const corrected = new Date(at).toISOString().replace(".000Z", "Z");
  return Number.isNaN(parseInstant(corrected)) ? undefined : corrected;
}
