import type { Slug } from "../../../shared/schema/names.ts";
import { type SecurityEvent, securityEvent } from "../../../shared/schema/security-log.ts";
import type { Kill } from "../../../shared/schema/snapshot.ts";
import type { Env } from "../../env.ts";
import { log } from "../../log.ts";
import { directory } from "../../objects/stubs.ts";

/** Presses that the security log must still learn of: `security-owed/{kill}`. */
const OWED = "security-owed/";
const sourceOf = (kill: string): string => `break-glass/${kill}`;

/**
 * Records that the break-glass secret was used, after the kill: an emergency waits for no log. What the directory cannot
 * take now is kept in KV, which was there for the kill, until the cron hands it over.
 */
export async function recordPress(env: Env, project: Slug, environment: Slug, kill: Kill): Promise<void> {
  const event: SecurityEvent = {
    kind: "break-glass.pressed",
    actor: { type: "admin", id: "break-glass", name: "Break-glass secret" },
    project,
    environment,
    subject: kill.id,
    details: { flag: kill.flag, at: new Date().toISOString() },
  };
  try {
    await tell(env, event);
  } catch (error) {
    log({ event: "security-log-unreachable", project, error: String(error) });
    await env.SNAPSHOTS.put(OWED + kill.id, JSON.stringify(event));
  }
}

/** Hands over what `recordPress` kept. Told twice, a press is recorded once. */
export async function recordOwedPresses(env: Env): Promise<void> {
  const { keys } = await env.SNAPSHOTS.list({ prefix: OWED });
  for (const { name } of keys) {
    const text = await env.SNAPSHOTS.get(name);
    const event = text === null ? null : securityEvent.safeParse(JSON.parse(text));
    if (event?.success) await tell(env, event.data);
    await env.SNAPSHOTS.delete(name);
  }
}

async function tell(env: Env, event: SecurityEvent): Promise<void> {
  const told = await directory(env).recordActs([{ event, source: sourceOf(event.subject ?? "") }]);
  if (!told.ok) throw new Error(`refused: ${JSON.stringify(told.rejection)}`);
}
