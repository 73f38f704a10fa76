import { timingSafeEqual } from "node:crypto";
import type { KeyKind } from "../../shared/schema/snapshot.ts";
import { sha256 } from "../kv/snapshot-store.ts";

/** 160 random bits in hex: URL-safe, selectable by double click, no ambiguity of case. */
export function randomSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `bdc_shop_production_…` for browsers, `bds_…` for servers: one look tells where a leaked key belongs. */
export const newEnvironmentKey = (kind: KeyKind, project: string, environment: string): string =>
  `bd${kind === "client" ? "c" : "s"}_${project}_${environment}_${randomSecret()}`;

/** `bdk_shop_production_…`: names its store and, by the first sixteen characters, its trigger; the rest is the secret. */
export const newTriggerToken = (project: string, environment: string, id: string): string =>
  `bdk_${project}_${environment}_${id.slice("trg_".length)}${randomSecret()}`;

const TRIGGER_TOKEN = /^bdk_([a-z0-9-]{1,40})_([a-z0-9-]{1,40})_([0-9a-f]{16})[0-9a-f]{40}$/;

/** Whose a trigger's token is; null when it cannot be one. */
export function parseTriggerToken(token: string): { project: string; environment: string; id: string } | null {
  const [, project, environment, id] = TRIGGER_TOKEN.exec(token) ?? [];
  return project && environment && id ? { project, environment, id: `trg_${id}` } : null;
}

export const newApiToken = (): string => `bdt_${randomSecret()}`;
export const newSession = (): string => `bdx_${randomSecret()}`;
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
