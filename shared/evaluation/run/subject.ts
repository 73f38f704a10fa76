import { isPlain } from "../attribute.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import { forgetElements } from "../operators/elements.ts";

/** Who asks: holders of client keys see only what is meant for them. */
export type Audience = "client" | "server";

/**
 * Segments whose long list was looked up outside: whether the list holds this subject. It stands for the
 * segment's included list, so an explicit exclusion still wins and `when` still adds.
 */
export type Memberships = ReadonlyMap<string, boolean>;

/**
 * One request's context, prepared for one compiled snapshot. Several may be alive at once: what was worked out is
 * kept in its parts under the subject's stamp, and another subject's work only costs it being done again.
 */
export interface Subject {
  readonly compiled: CompiledSnapshot;
  readonly context: object;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly memberships: Memberships | undefined;
  readonly stamp: number;
  /** The context again, if it may be read without asking what is its own. */
  readonly plain: object | null;
}

/** Times four it is still a small integer to engines that compress pointers, as workerd's does. */
export const MAX_STAMP = 2 ** 28 - 1;

/**
 * Prepares a context. Anything but a JSON object knows no attributes.
 *
 * @param now milliseconds since 1970
 */
export function prepare(compiled: CompiledSnapshot, context: unknown, now: number, memberships?: Memberships): Subject {
  // After a quarter of a billion subjects stamps start again; one that lived all that time is the accepted risk.
  const { pool } = compiled;
  if (pool.stamp >= MAX_STAMP) forget(compiled);
  forgetElements();
  const stamp = ++pool.stamp;
  const plain = isPlain(context) ? context : null;
  return { compiled, context: plain ?? attributesOf(context), now, memberships, stamp, plain };
}

const NO_ATTRIBUTES = {};

function attributesOf(context: unknown): object {
  try {
    if (typeof context === "object" && context !== null && !Array.isArray(context)) return context;
  } catch {
    // A revoked proxy, which may not even be asked whether it is an array.
  }
  return NO_ATTRIBUTES;
}

function forget(compiled: CompiledSnapshot): void {
  compiled.pool.stamp = 0;
  for (const { predicates, units } of compiled.parts) {
    for (const predicate of predicates) predicate.memo = 0;
    for (const unit of units) unit.stamp = 0;
  }
}

/** A subject prepared for another snapshot carries that one's stamp, which means nothing here. */
export function forSnapshot(compiled: CompiledSnapshot, subject: Subject): Subject {
  return subject.compiled === compiled ? subject : reprepare(compiled, subject);
}

function reprepare(compiled: CompiledSnapshot, { context, now, memberships }: Subject): Subject {
  return prepare(compiled, context, now, memberships);
}
