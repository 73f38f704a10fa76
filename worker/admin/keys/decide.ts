import { dueOf, endOfReplaced, endOfSuccessor, warningWithin } from "../../../shared/expiry.ts";
import type { KeyKind } from "../../../shared/schema/snapshot.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  overLimit,
} from "../../objects/flag-store/decide/decision.ts";
import type { Row } from "../../objects/flag-store/entities.ts";
import { type Result, reject } from "../../result.ts";

type Place = { environment: string; id: string };

/** Refuses an end that has passed: the key would be gone before anybody could use it. */
export function pastExpiry(expiresAt: string | null | undefined, now: number): Result<never> | null {
  if (expiresAt == null || Date.parse(expiresAt) > now) return null;
  const message = "has passed: name a later instant, or revoke the key";
  return reject({ code: "invalid", issues: [{ field: "expiresAt", message }] });
}

/** An end as a document keeps it, with the warnings that it is too late for. */
export function lifetimeOf(expiresAt: number | undefined, now: number) {
  if (expiresAt === undefined) return { expiresAt: undefined, warned: undefined };
  return { expiresAt: new Date(expiresAt).toISOString(), warned: warningWithin(expiresAt, now) };
}

function keyAt({ environment, id }: Place, c: Circumstances): Result<Row<"key">> {
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const row = c.view.get("key", environment, id);
  return row ? { ok: true, value: row } : reject({ code: "key-not-found", id });
}

const endOf = ({ expiresAt }: { expiresAt?: string | undefined }): number | undefined =>
  expiresAt === undefined ? undefined : Date.parse(expiresAt);

export function setKeyExpiry(command: CommandOf<"setKeyExpiry">, c: Circumstances): Result<Decision> {
  const found = keyAt(command, c);
  if (!found.ok) return found;
  const past = pastExpiry(command.expiresAt, c.now);
  if (past) return past;
  const { key, body } = found.value;
  const lifetime = lifetimeOf(endOf({ expiresAt: command.expiresAt ?? undefined }), c.now);
  return decision(change("key", command.environment, key, body, { ...body, ...lifetime }), [command.environment]);
}

/** A key of the same name, kind, origins, limit, signing and right to read rules takes this one's place; this one ends after the grace. */
export function rotateKey(command: CommandOf<"rotateKey">, c: Circumstances): Result<Decision> {
  const found = keyAt(command, c);
  if (!found.ok) return found;
  const { environment, graceSeconds, expiresAt, next } = command;
  const { key, body, createdAt } = found.value;
  if (body.replacedBy !== undefined)
    return reject({ code: "already-done", what: `The key was rotated already; ${body.replacedBy} is in its place` });
  const full = overLimit("keysPerEnvironment", c.view.count("key", environment) + (graceSeconds > 0 ? 1 : 0));
  const refused = full ? reject(full) : pastExpiry(expiresAt, c.now);
  if (refused) return refused;
  const { kind, name, origins, limit, signing, rules } = body;
  const wanted = expiresAt ? Date.parse(expiresAt) : expiresAt;
  const successor = {
    ...{ kind, name, origins, createdBy: c.actor.name, hash: next.hash, hint: next.hint },
    ...(limit ? { limit } : {}),
    ...(signing ? { signing } : {}),
    ...(rules ? { rules } : {}),
    ...lifetimeOf(
      endOfSuccessor(wanted as number | null | undefined, { createdAt, expiresAt: endOf(body) }, c.now),
      c.now,
    ),
    replaces: key,
  };
  const end = endOfReplaced(endOf(body), graceSeconds, c.now);
  const replaced = end <= c.now ? null : { ...body, ...lifetimeOf(end, c.now), replacedBy: next.id };
  return decision(
    [...change("key", environment, next.id, null, successor), ...change("key", environment, key, body, replaced)],
    [environment],
  );
}

/** Of a lifetime that calls for nothing any more, as it was changed meanwhile, nothing changes. */
export function warnOfKeyExpiry(command: CommandOf<"warnOfKeyExpiry">, c: Circumstances): Result<Decision> {
  const found = keyAt(command, c);
  if (!found.ok) return found;
  const { key, body } = found.value;
  const expiresAt = endOf(body);
  const due = expiresAt === undefined ? null : dueOf({ expiresAt, warned: body.warned }, c.now);
  if (due === null || due === "end") return decision([], []);
  return decision(change("key", command.environment, key, body, { ...body, warned: due }), []);
}

/** Edges refuse an expired key by themselves; this takes it out of the lists. */
export function expireKey(command: CommandOf<"expireKey">, c: Circumstances): Result<Decision> {
  const found = keyAt(command, c);
  if (!found.ok) return found;
  const { key, body } = found.value;
  const expiresAt = endOf(body);
  if (expiresAt === undefined || expiresAt > c.now) return decision([], []);
  return decision(change("key", command.environment, key, body, null), [command.environment]);
}

/** How often a key may ask; null: as often as it likes. Rides in the snapshot, so edges know it within seconds. */
export function limitKey(command: CommandOf<"limitKey">, c: Circumstances): Result<Decision> {
  const found = keyAt(command, c);
  if (!found.ok) return found;
  const { environment, id, limit } = command;
  const { limit: _, ...rest } = found.value.body;
  const after = limit === null ? rest : { ...rest, limit };
  return decision(change("key", environment, id, found.value.body, after), [environment]);
}

/** A client key is public, and rules name people. */
function rulesOfClient(kind: KeyKind, rules: true | undefined): Result<never> | null {
  if (kind === "server" || rules === undefined) return null;
  const message = "a client key is public: only a server key may read rules";
  return reject({ code: "invalid", issues: [{ field: "rules", message }] });
}

export function createKey(command: CommandOf<"createKey">, c: Circumstances): Result<Decision> {
  const { environment, id, kind, name, hash, hint, origins, expiresAt, rules } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const full = overLimit("keysPerEnvironment", c.view.count("key", environment) + 1);
  const refused = full ? reject(full) : (pastExpiry(expiresAt, c.now) ?? rulesOfClient(kind, rules));
  if (refused) return refused;
  const lifetime = lifetimeOf(expiresAt === undefined ? undefined : Date.parse(expiresAt), c.now);
  const after = { kind, name, hash, hint, origins, createdBy: c.actor.name, ...lifetime, ...(rules ? { rules } : {}) };
  return decision(change("key", environment, id, null, after), [environment]);
}

export function revokeKey(command: CommandOf<"revokeKey">, c: Circumstances): Result<Decision> {
  const found = keyAt(command, c);
  if (!found.ok) return found;
  return decision(change("key", command.environment, command.id, found.value.body, null), [command.environment]);
}

/** What a client key takes only when it is signed; null: nothing. Rides in the snapshot, so edges know it within seconds. */
export function setKeySigning(command: CommandOf<"setKeySigning">, c: Circumstances): Result<Decision> {
  const found = keyAt(command, c);
  if (!found.ok) return found;
  const { environment, id, signing } = command;
  const { signing: _, ...rest } = found.value.body;
  if (rest.kind === "server" && signing !== null)
    return reject({
      code: "invalid",
      issues: [{ field: "require", message: "a server key speaks for its server: only client keys need signatures" }],
    });
  const after = signing === null ? rest : { ...rest, signing };
  return decision(change("key", environment, id, found.value.body, after), [environment]);
}
