import { timingSafeEqual } from "node:crypto";
import { LIMITS } from "../../shared/limits.ts";
import { parseSlug, type Slug } from "../../shared/schema/names.ts";
import type { KeyKind } from "../../shared/schema/snapshot.ts";
import { secretOf } from "../secrets.ts";
import { hasChecksum, withChecksum } from "./key-checksum.ts";
import { sha256 } from "./sha256.ts";

/** 160 random bits in hex: URL-safe, selectable by double click, no ambiguity of case. */
export function randomSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Under it new keys carry a checksum; unset, they carry none. */
interface Checksums {
  readonly KEY_CHECKSUM_SECRET?: string;
}

/**
 * `bdc_shop_production_…` for browsers, `bds_…` for servers: one look tells where a leaked key belongs. With a secret
 * for checksums, 128 random bits and a checksum; without, 160 random bits.
 */
export const newEnvironmentKey = (kind: KeyKind, project: Slug, environment: Slug, env: Checksums): string =>
  withChecksum(
    `bd${kind === "client" ? "c" : "s"}_${project}_${environment}_${randomSecret()}`,
    secretOf(env, "KEY_CHECKSUM_SECRET"),
  );

/**
 * `bdk_shop_production_…`: names its store and, by the first sixteen characters, its trigger; the rest is the secret,
 * made as a key's.
 */
export const newTriggerToken = (project: Slug, environment: Slug, id: string, env: Checksums): string =>
  withChecksum(
    `bdk_${project}_${environment}_${id.slice("trg_".length)}${randomSecret()}`,
    secretOf(env, "KEY_CHECKSUM_SECRET"),
  );

const TRIGGER_TOKEN = /^bdk_([a-z0-9-]{1,40})_([a-z0-9-]{1,40})_([0-9a-f]{16})[0-9a-f]{40}$/;

export interface ParsedTrigger {
  project: Slug;
  environment: Slug;
  id: string;
  /** This installation made the token: it ends in its checksum. */
  vouched: boolean;
}

/** Whose a trigger's token is; null when it cannot be one. */
export function parseTriggerToken(token: string, env: Checksums): ParsedTrigger | null {
  if (token.length > LIMITS.tokenChars) return null;
  const [, project, environment, id] = TRIGGER_TOKEN.exec(token) ?? [];
  const names = [project, environment].map((name) => parseSlug(name ?? ""));
  if (!names[0] || !names[1] || !id) return null;
  const vouched = hasChecksum(token, secretOf(env, "KEY_CHECKSUM_SECRET"));
  return { project: names[0], environment: names[1], id: `trg_${id}`, vouched };
}

export const API_TOKEN_PREFIX = "bdt_";
export const SESSION_PREFIX = "bdx_";
export const newApiToken = (): string => API_TOKEN_PREFIX + randomSecret();
export const newSession = (): string => SESSION_PREFIX + randomSecret();
export const newId = (prefix: string): string => `${prefix}_${randomSecret().slice(0, 16)}`;

/** Compares secrets in constant time: both are hashed first, so neither length nor content shows. */
export function sameSecret(a: string, b: string): boolean {
  const encoder = new TextEncoder();
  return timingSafeEqual(encoder.encode(sha256(a)), encoder.encode(sha256(b)));
}

/** The token of `Authorization: Bearer …` or `X-API-Key: …`. */
export function bearerOf(headers: Headers): string | null {
  const authorization = headers.get("Authorization");
  if (authorization !== null) {
    if (authorization.startsWith("Bearer ")) return authorization.slice("Bearer ".length).trim();
    const space = authorization.indexOf(" ");
    if (space < 0 || authorization.slice(0, space).toLowerCase() !== "bearer") return null;
    return authorization.slice(space + 1).trim();
  }
  return headers.get("X-API-Key");
}
