import { LIMITS } from "../../shared/limits.ts";
import { type KeySigning, SIGNED_CONTEXT_ATTRIBUTE } from "../../shared/schema/signed-context.ts";
import type { SnapshotKey } from "../../shared/schema/snapshot.ts";
import { openJws } from "../crypto/jws.ts";
import { PREVIEW_ATTRIBUTE } from "../crypto/preview-token.ts";
import { signingSecret } from "../crypto/signing-secret.ts";
import { hasProtoName, jsonDepth } from "../http/body.ts";
import type { Loaded } from "./edge/loaded.ts";

/*
 * Signed contexts: a customer's server vouches for who a visitor is, in one context attribute that any provider passes
 * on. The payload's `context` overrides unsigned attributes of the same names; what a key asks to be signed counts only
 * there.
 */

/** What vouches for a context. */
export interface Signature {
  readonly kid: string;
  /** When it ends (epoch ms), and every stream that was opened with it. */
  readonly until: number;
  /** The person as the customer's product knows them (`sub`); undefined: the token names nobody. */
  readonly user: string | undefined;
  /** The attributes that it vouches for. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A context to evaluate with. `signature` is null when nothing of it is signed. */
export interface Trusted {
  readonly context: Record<string, unknown>;
  readonly signature: Signature | null;
}

/** The context is not believed, for a reason that is a whole sentence. */
export interface Refused {
  readonly refused: string;
}

type Place = Pick<Loaded, "project" | "environment" | "sealKey" | "signingKeys">;

/** What a payload's `aud` must say. */
export const audienceOf = ({ project, environment }: { project: string; environment: string }): string =>
  `${project}/${environment}`;

/** Whether a context has to be looked at: nearly none has, and that costs two look-ups. */
export const needsTrust = (key: Pick<SnapshotKey, "signing">, context: Record<string, unknown>): boolean =>
  key.signing !== undefined || context[SIGNED_CONTEXT_ATTRIBUTE] !== undefined;

/** The context that counts of what was sent, or why none does. */
export function trustedContext(
  place: Place,
  key: Pick<SnapshotKey, "signing">,
  sent: Record<string, unknown>,
  now: number,
): Trusted | Refused {
  const { [SIGNED_CONTEXT_ATTRIBUTE]: token, ...unsigned } = sent;
  if (token === undefined && key.signing?.require === "context") return { refused: MISSING };
  const signature = token === undefined ? null : openSignature(place, token, now);
  if (signature !== null && "refused" in signature) return signature;
  const context = { ...believed(unsigned, key.signing), ...signature?.attributes };
  return { context, signature };
}

const MISSING = `This key takes signed contexts only: send the attribute "${SIGNED_CONTEXT_ATTRIBUTE}", signed by your server.`;

/** What is taken of an unsigned context. A preview's token is sealed by itself. */
function believed(unsigned: Record<string, unknown>, signing: KeySigning | undefined): Record<string, unknown> {
  if (signing === undefined) return unsigned;
  if (signing.require === "attributes") {
    for (const name of signing.attributes) delete unsigned[name];
    return unsigned;
  }
  const preview = unsigned[PREVIEW_ATTRIBUTE];
  return preview === undefined ? {} : { [PREVIEW_ATTRIBUTE]: preview };
}

/**
 * Checks a signed context: compact JWS with HS256, `kid`, `aud` and `exp`, and if the server likes `nbf`, `sub` (the
 * user) and `context` (attributes).
 */
export function openSignature(place: Place, token: unknown, now: number): Signature | Refused {
  if (typeof token !== "string") return refuse("must be a string: a compact JWS");
  if (token.length > LIMITS.signedContextChars) return refuse(`has more than ${LIMITS.signedContextChars} characters`);
  const opened = openJws(token, (kid) => secretOf(place, kid));
  if ("refused" in opened) return refuse(opened.refused);
  const { exp, nbf, aud, sub, context = {} } = opened.payload;
  const audience = audienceOf(place);
  if (aud !== audience && !(Array.isArray(aud) && aud.includes(audience)))
    return refuse(`is for another audience: "aud" must say "${audience}"`);
  if (typeof exp !== "number" || !Number.isFinite(exp))
    return refuse('has no end: its payload needs "exp", in seconds since 1970');
  if (exp * 1_000 <= now) return refuse("has expired: let your server sign a new one");
  if (exp - now / 1_000 > LIMITS.signedContextSeconds)
    return refuse(`lasts too long: "exp" may lie ${LIMITS.signedContextSeconds / 86_400} days ahead at most`);
  // Clocks of servers differ by some seconds.
  if (nbf !== undefined && !(typeof nbf === "number" && nbf * 1_000 <= now + LEEWAY_MS))
    return refuse('is not valid yet: see "nbf" in its payload');
  if (sub !== undefined && !(typeof sub === "string" && sub.length > 0 && sub.length <= MAX_USER_CHARS))
    return refuse(`names no user: "sub" must be a text of 1 to ${MAX_USER_CHARS} characters`);
  const attributes = attributesOf(context, sub);
  if (attributes === null) return refuse('has no attributes: "context" in its payload must be an object');
  return { kid: opened.kid, until: exp * 1_000, user: sub, attributes };
}

const LEEWAY_MS = 60_000;
const MAX_USER_CHARS = 256;

const refuse = (what: string): Refused => ({ refused: `The attribute "${SIGNED_CONTEXT_ATTRIBUTE}" ${what}.` });

/** `userId` is where `/blastdoor.js` puts who has signed in; a token's `sub` is the same person. */
function attributesOf(context: unknown, user: string | undefined): Record<string, unknown> | null {
  if (typeof context !== "object" || context === null || Array.isArray(context) || hasProtoName(context)) return null;
  if (jsonDepth(JSON.stringify(context)) > LIMITS.jsonDepth) return null;
  const { [SIGNED_CONTEXT_ATTRIBUTE]: _, ...attributes } = context as Record<string, unknown>;
  return user === undefined ? attributes : { userId: user, ...attributes };
}

function secretOf({ project, environment, sealKey, signingKeys }: Place, kid: string): string | null {
  if (sealKey === undefined || !signingKeys.has(kid)) return null;
  let secret = signingKeys.get(kid);
  if (secret === undefined) {
    secret = signingSecret({ project, environment, sealKey }, kid);
    signingKeys.set(kid, secret);
  }
  return secret;
}

/** Whether what a signature vouched for still counts; of an unsigned context: whether the key still takes it. */
export function stillTrusted(
  { signingKeys }: Pick<Loaded, "signingKeys">,
  key: SnapshotKey,
  signature: { kid: string; until: number } | undefined,
  signing: KeySigning | undefined,
  now: number,
): boolean {
  if (JSON.stringify(key.signing) !== JSON.stringify(signing)) return false;
  return signature === undefined || (now < signature.until && signingKeys.has(signature.kid));
}
