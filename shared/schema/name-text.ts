import type { z } from "zod";

/*
 * What a name's text must look like, without zod: the evaluator needs these when it compiles, and what an edge loads
 * to evaluate is ten times as large with zod as without.
 */

/** Names that would reach an object's prototype are refused everywhere a name becomes a property. */
const PROTOTYPE_NAMES = new Set(["__proto__", "constructor", "prototype"]);
export const isSafeName = (name: string): boolean => !PROTOTYPE_NAMES.has(name);

export const SLUG_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
export const KEY_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** A project's or an environment's name that was parsed. */
export type Slug = string & z.core.$brand<"Slug">;
/** A flag's or a segment's key that was parsed. */
export type KeyName = string & z.core.$brand<"KeyName">;

/** The text as a project's or an environment's name; null when it cannot be one. */
export const parseSlug = (text: string): Slug | null =>
  SLUG_PATTERN.test(text) && isSafeName(text) ? (text as Slug) : null;

/** The text as a flag's or a segment's key; null when it cannot be one. */
export const parseKeyName = (text: string): KeyName | null =>
  KEY_PATTERN.test(text) && isSafeName(text) ? (text as KeyName) : null;
