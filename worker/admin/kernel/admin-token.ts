import { LIMITS } from "../../../shared/limits.ts";
import { secretWeakness } from "../../../shared/weak-secret.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { sameSecret } from "../../crypto/tokens.ts";
import type { Env } from "../../env.ts";
import { log } from "../../log.ts";
import { secretOf } from "../../secrets.ts";

let known: { token: string; fingerprint: string } | null = null;

/**
 * What the sessions of an ADMIN_TOKEN are told apart by; null without one. A hash of its own kind: it is compared with
 * none that proves a token.
 */
export function adminFingerprint(env: Env): string | null {
  const token = secretOf(env, "ADMIN_TOKEN");
  if (!token) return null;
  if (known?.token !== token) known = { token, fingerprint: sha256(`blastdoor/admin-token/fingerprint\n${token}`) };
  return known.fingerprint;
}

/** Compared in constant time. What is longer than both our tokens and this one is not hashed at all. */
export function isAdminToken(env: Env, token: string): boolean {
  const admin = secretOf(env, "ADMIN_TOKEN");
  return !!admin && token.length <= Math.max(LIMITS.tokenChars, admin.length) && sameSecret(token, admin);
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export interface WeakSecret {
  name: string;
  reason: string;
}

/** Secrets of this installation that could be guessed. On one's own machine any will do. */
export function weakSecrets(env: Env, url: string): WeakSecret[] {
  if (LOOPBACK.test(new URL(url).hostname)) return [];
  return (["ADMIN_TOKEN", "BREAK_GLASS_SECRET", "METRICS_TOKEN"] as const).flatMap((name) => {
    const reason = env[name] ? secretWeakness(env[name]) : null;
    return reason === null ? [] : [{ name, reason }];
  });
}

let warned = false;

/** Says it once in an isolate: an installation with a weak secret goes on, as it must not be locked out unasked. */
export function warnOfWeakSecrets(env: Env, url: string): void {
  if (warned) return;
  warned = true;
  for (const { name, reason } of weakSecrets(env, url)) log({ event: "weak-secret", name, reason });
}
