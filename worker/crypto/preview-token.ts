import { z } from "zod";
import type { Preview } from "../../shared/evaluation/run/preview.ts";
import { key, slug } from "../../shared/schema/primitives.ts";
import { openAesGcm } from "./former/aes-gcm.ts";
import { isSealed, open, type SealedFor, seal } from "./seal.ts";
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

/** Whose environment a token is for. */
export interface PreviewPlace {
  readonly project: string;
  readonly environment: string;
  readonly sealKey: string | undefined;
}

const sealedFor = ({ project, environment }: PreviewPlace): SealedFor => ({ use: "preview", project, environment });

export const sealPreview = (place: PreviewPlace & { readonly sealKey: string }, preview: SealedPreview): string =>
  seal(place.sealKey, sealedFor(place), JSON.stringify(preview));

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
  place: PreviewPlace,
  context: Record<string, unknown>,
): Promise<readonly (Preview & { expires: number })[]> {
  const { sealKey } = place;
  if (sealKey === undefined) return [];
  const openOne = (token: string): string | null | Promise<string | null> =>
    isSealed(token) ? open(sealKey, sealedFor(place), token) : openAesGcm(formerSecret(sealKey), token);
  const opened = await Promise.all(tokensOf(context).slice(0, MAX_TOKENS).map(openOne));
  return opened.flatMap((text) => {
    if (text === null) return [];
    const parsed = sealedPreview.safeParse(JSON.parse(text));
    return parsed.success && parsed.data.environment === place.environment ? [parsed.data] : [];
  });
}

/** Under which earlier versions sealed previews. */
const formerSecret = (sealKey: string): string => sha256(`preview\n${sealKey}`);
