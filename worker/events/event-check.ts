import { EVENT_LIMITS, EVENT_TYPES, EXCLUSION_MARKS, type TelemetryEvent } from "../../shared/schema/telemetry.ts";

/*
 * `telemetryEvent` by hand: workerd forbids zod to compile its schemas, and that costs five times as much an
 * event. A property test holds it to the schema.
 */

const TYPES: ReadonlySet<unknown> = new Set(EVENT_TYPES);
const MARKS: ReadonlySet<unknown> = new Set(EXCLUSION_MARKS);
const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const LATEST = 8.64e15;
const REASON_CHARS = 50;

const isText = (value: unknown): boolean =>
  typeof value === "string" && value.length > 0 && value.length <= EVENT_LIMITS.textChars;
const isNumber = (value: unknown): value is number => Number.isFinite(value);
/** As `key`: what starts with an underscore fails the pattern anyway. */
const isKey = (value: unknown): boolean =>
  typeof value === "string" && KEY.test(value) && value !== "constructor" && value !== "prototype";

const CHECKS: ReadonlyMap<string, (value: unknown) => boolean> = new Map(
  Object.entries<(value: unknown) => boolean>({
    id: isText,
    type: (value) => TYPES.has(value),
    unit: isUnit,
    time: (value) => isNumber(value) && value >= 0 && value <= LATEST,
    flag: (value) => value === undefined || isKey(value),
    variant: (value) => value === undefined || value === null || isKey(value),
    rule: (value) => value === undefined || value === null || isKey(value),
    reason: (value) => value === undefined || (typeof value === "string" && value.length <= REASON_CHARS),
    metric: (value) => value === undefined || isKey(value),
    ok: (value) => value === undefined || typeof value === "boolean",
    latencyMs: (value) => value === undefined || (isNumber(value) && value >= 0),
    value: (value) => value === undefined || isNumber(value),
    marks: (value) => value === undefined || isMarks(value),
  }),
);

/**
 * Whether `telemetryEvent` would take what JSON.parse gave, and change nothing about it: an attribute `__proto__`, which
 * the schema would drop, is refused.
 */
export function isTelemetryEvent(sent: unknown): sent is TelemetryEvent {
  if (typeof sent !== "object" || sent === null || Array.isArray(sent)) return false;
  for (const name of Object.keys(sent)) if (!CHECKS.get(name)?.((sent as Record<string, unknown>)[name])) return false;
  const { id, type, unit, time } = sent as Record<string, unknown>;
  return id !== undefined && type !== undefined && unit !== undefined && time !== undefined;
}

function isUnit(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  for (const name of Object.keys(value)) {
    const attribute = (value as Record<string, unknown>)[name];
    if (!isText(name) || name === "__proto__") return false;
    if (!isText(attribute) && !isNumber(attribute) && typeof attribute !== "boolean") return false;
  }
  return true;
}

const isMarks = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= EXCLUSION_MARKS.length && value.every((mark) => MARKS.has(mark));
