import { murmur3 } from "../bucketing/bucket.ts";
import type { CompiledFlag } from "../model/compiled-flag.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import { evaluateAll } from "./bulk.ts";
import { evaluateFor } from "./evaluate.ts";
import type { Audience, Subject } from "./subject.ts";

/** A variant that one browser is shown, whatever the flag's rules say of it. */
export interface Preview {
  readonly flag: string;
  readonly variant: string;
}

/**
 * The variant that a preview forces; undefined when none applies, so that the rules decide. A kill is stronger than a
 * preview, and a flag that client keys never learn of stays hidden from them. Only the flag itself is forced: flags
 * that depend on it go by what everybody gets.
 */
export function previewedVariant(
  flag: CompiledFlag | undefined,
  previews: readonly Preview[],
  audience: Audience,
): string | undefined {
  if (flag === undefined) return undefined;
  const preview = previews.find((one) => one.flag === flag.key);
  if (!preview || !Object.hasOwn(flag.variants, preview.variant)) return undefined;
  if (flag.kills !== null && (flag.kills.all !== null || flag.kills.variants.has(preview.variant))) return undefined;
  if (audience === "client" && flag.visibility === "server-only") return undefined;
  return preview.variant;
}

/** As OFREP writes it. It says what it is (`metadata.preview`), which keeps it out of every statistic. */
function previewed({ key, variants }: CompiledFlag, variant: string): string {
  const metadata = { preview: true };
  return JSON.stringify({ key, reason: "TARGETING_MATCH", variant, value: variants[variant], metadata });
}

/** One flag's result with previews over it, as OFREP writes it; undefined when the audience may not see the flag. */
export function evaluateWithPreviews(
  compiled: CompiledSnapshot,
  flag: string,
  subject: Subject,
  audience: Audience,
  previews: readonly Preview[],
): string | undefined {
  const known = compiled.flags.get(flag);
  const variant = previewedVariant(known, previews, audience);
  if (known && variant !== undefined) return previewed(known, variant);
  const outcome = evaluateFor(compiled, flag, subject, audience);
  if (!outcome) return undefined;
  return audience === "client" ? outcome.clientJson : outcome.serverJson;
}

/** As `evaluateAll`, with previews over it; without any, exactly that. */
export function evaluateAllWithPreviews(
  compiled: CompiledSnapshot,
  subject: Subject,
  audience: Audience,
  previews: readonly Preview[],
): { flags: string; etag: string } {
  if (previews.length === 0) return evaluateAll(compiled, subject, audience);
  const shown = compiled.parts.flatMap((part) =>
    part.flags.flatMap(({ key }) => evaluateWithPreviews(compiled, key, subject, audience, previews) ?? []),
  );
  const flags = shown.join(",");
  return { flags, etag: hex(murmur3(flags, 1)) + hex(murmur3(flags, 2)) };
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");
