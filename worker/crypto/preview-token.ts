import { z } from "zod";
import type { Preview } from "../../shared/evaluation/run/preview.ts";
import { key, slug } from "../../shared/schema/primitives.ts";
import { seal, unseal } from "./seal.ts";
import { sha256 } from "./sha256.ts";

/** The context attribute, and the query parameter of the OFREP routes, in which a frontend passes a token on. */
export const PREVIEW_ATTRIBUTE = "blastdoorPreview";
/** Tokens that one request may bring: somebody who looks at several flags at once. */
const MAX_TOKENS = 10;
/** Longer texts are no tokens of ours. */
const MAX_TOKEN_CHARS = 1_024;

const sealedPreview = z.object({
  environment: slug,
  flag: key,
  variant: key,
  /** Epoch ms. */
  expires: z.number(),
});
export type SealedPreview = z.infer<typeof sealedPreview>;

/** Of another use than whatever else is sealed, so of another key: neither is ever taken for the other. */
const previewSecret = (sealKey: string): string => sha256(`preview\n${sealKey}`);

export const sealPreview = (sealKey: string, preview: SealedPreview): Promise<string> =>
  seal(previewSecret(sealKey), JSON.stringify(preview));

/** Whether a request may bring tokens at all: nearly none does, and that has to cost nothing. */
export const mayPreview = (url: string, context: Record<string, unknown>): boolean =>
  context[PREVIEW_ATTRIBUTE] !== undefined || url.includes(PREVIEW_ATTRIBUTE);

/** Tokens of the address go into the context, so that an event stream of this context knows them too. */
export function adoptPreview(url: string, context: Record<string, unknown>): void {
  const named = new URL(url).searchParams.getAll(PREVIEW_ATTRIBUTE);
  if (named.length > 0) context[PREVIEW_ATTRIBUTE] = [...tokensOf(context), ...named];
}

function tokensOf(context: Record<string, unknown>): string[] {
  const sent = context[PREVIEW_ATTRIBUTE];
  const listed = Array.isArray(sent) ? sent : typeof sent === "string" ? sent.split(",") : [];
  return listed.filter((token): token is string => typeof token === "string" && token.length <= MAX_TOKEN_CHARS);
}

/**
 * The previews that a context's tokens stand for in one environment. What is altered, foreign or over is left out: an
 * old link shows what everybody sees.
 */
export async function openPreviews(
  sealKey: string | undefined,
  environment: string,
  context: Record<string, unknown>,
): Promise<readonly (Preview & { expires: number })[]> {
  if (sealKey === undefined) return [];
  const secret = previewSecret(sealKey);
  const opened = await Promise.all(
    tokensOf(context)
      .slice(0, MAX_TOKENS)
      .map((token) => unseal(secret, token)),
  );
  return opened.flatMap((text) => {
    if (text === null) return [];
    const parsed = sealedPreview.safeParse(JSON.parse(text));
    return parsed.success && parsed.data.environment === environment ? [parsed.data] : [];
  });
}
