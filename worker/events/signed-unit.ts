import { ownOf } from "../../shared/own.ts";
import type { KeySigning } from "../../shared/schema/signed-context.ts";
import type { TelemetryEvent } from "../../shared/schema/telemetry.ts";

/** What a batch's signature vouches for, and what its key takes only signed. */
export interface SignedUnit {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly signing: KeySigning | undefined;
}

/**
 * The event with the unit that counts: signed attributes override what was sent, and what has to be signed and is not is
 * left out. Null when nothing of the unit is left.
 */
export function withSignedUnit(event: TelemetryEvent, signed: SignedUnit): TelemetryEvent | null {
  const unit: TelemetryEvent["unit"] = {};
  for (const [name, sent] of Object.entries(event.unit)) {
    const vouched = ownOf(signed.attributes, name);
    if (isIdentity(vouched)) unit[name] = vouched;
    else if (vouched === undefined && !mustBeSigned(name, signed.signing)) unit[name] = sent;
  }
  return Object.keys(unit).length === 0 ? null : { ...event, unit };
}

const isIdentity = (value: unknown): value is string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

const mustBeSigned = (name: string, signing: KeySigning | undefined): boolean =>
  signing !== undefined && (signing.require === "context" || signing.attributes.includes(name));
