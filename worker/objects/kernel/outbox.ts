/**
 * Carries committed changes to the edges: snapshot to KV first, then the pointer. Every effect is a function, so
 * that the order and every failure can be tested. A crash anywhere leaves the outbox row, and the alarm starts over;
 * doing a step twice is harmless because keys are immutable.
 */
export interface OutboxDeps {
  pending(): PendingPublication[];
  /** Renders the environment as it stands at the end of it and keeps the bytes for edges that KV fails. */
  render(environment: string): Promise<Rendered>;
  write(environment: string, rendered: Rendered): Promise<void>;
  /** One transaction: the pointer names the snapshot, the outbox row goes (unless a later change came meanwhile). */
  publish(environment: string, rendered: Rendered): Promise<void>;
  postpone(environment: string, attempts: number): void;
  /** Tells the directory of projects that this one exists or is gone. */
  register(): Promise<void>;
  registered(): void;
  /** Tells an environment's guard what is to be watched. */
  order(environment: string): Promise<void>;
  report(event: { event: "publish-failed"; environment: string; attempts: number; error: string }): void;
}

export interface PendingPublication {
  /** "" stands for the directory, `guard/{environment}` for that environment's guard. */
  environment: string;
  revision: number;
  attempts: number;
}

export interface Rendered {
  revision: number;
  hash: string;
  kvKey: string;
  body: string;
  /** Of a snapshot that is published in blocks: their hashes, and the keys under which they have to be there before it. */
  blocks: readonly string[];
  blockKeys: readonly string[];
}

/** The name under which a guard's orders wait; environments hold no slash. */
export const guardRow = (environment: string): string => `guard/${environment}`;
export const guardedBy = (name: string): string | null => (name.startsWith("guard/") ? name.slice(6) : null);

export async function drainOutbox(deps: OutboxDeps): Promise<void> {
  for (const { environment, attempts } of deps.pending()) {
    try {
      if (environment === "") {
        await deps.register();
        deps.registered();
        continue;
      }
      const guarded = guardedBy(environment);
      if (guarded !== null) {
        await deps.order(guarded);
        continue;
      }
      const rendered = await deps.render(environment);
      await deps.write(environment, rendered);
      await deps.publish(environment, rendered);
    } catch (error) {
      deps.postpone(environment, attempts + 1);
      deps.report({ event: "publish-failed", environment, attempts: attempts + 1, error: String(error) });
    }
  }
}

/** Wait before the next attempt (ms): doubling from 1 s to 60 s, so a KV outage costs little and ends quickly. */
export const backoff = (attempts: number): number => Math.min(60_000, 1_000 * 2 ** Math.max(0, attempts - 1));

/** The earliest thing that waits, never in the past; null when nothing does. */
export function computeNextAlarm(due: readonly number[], now: number): number | null {
  return due.length === 0 ? null : Math.max(now, Math.min(...due));
}
