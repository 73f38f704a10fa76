import { type Signal, signal } from "../../../shared/schema/trigger.ts";
import { activeKills } from "../../admin/kills/decide.ts";
import { decideCall, mayStateOnset, SOURCE_NAMES, triggerActor } from "../../admin/triggers/decide.ts";
import { sameSecret } from "../../crypto/tokens.ts";
import type { Result } from "../../result.ts";
import type { Envelope } from "./commands.ts";
import type { Row } from "./entities.ts";
import type { TriggerAnswer } from "./methods.ts";
import type { ProjectTables } from "./project-tables.ts";

/** Answers calls of triggers: which are known, and whether a call kills. */
export class TriggerAnswers {
  readonly #tables: Pick<ProjectTables, "documents" | "meta" | "triggerCalls">;
  readonly #run: (asked: Envelope) => Result<{ revision: number }>;

  /** @param run carries a command out in the present transaction */
  constructor(
    tables: Pick<ProjectTables, "documents" | "meta" | "triggerCalls">,
    run: (asked: Envelope) => Result<{ revision: number }>,
  ) {
    this.#tables = tables;
    this.#run = run;
  }

  /** Null: there is no such trigger, or this is not its secret. */
  find(environment: string, id: string, hash: string): Row<"trigger"> | null {
    const row = this.#tables.documents.get("trigger", environment, id);
    // Compared in either case, so that the time tells nothing.
    return sameSecret(row?.body.hash ?? "", hash) ? row : null;
  }

  /** In a transaction: the kill, what is remembered of the outbreak, and the log. */
  answer(row: Row<"trigger">, sent: Signal, now: number): TriggerAnswer {
    const heard = signal.parse(sent);
    const { key: id, environment, body } = row;
    const calls = this.#tables.triggerCalls;
    const episodes = heard.kind === "firing" ? heard.episodes : [];
    const callsThisMinute = calls.count(id, heard.kind === "firing" ? "firing" : "other", now);
    const killed = this.#isKilled(environment, body);
    let outcome = decideCall(heard, { now, callsThisMinute, seen: calls.seen(id, episodes), killed });
    let revision: number | null = null;
    if (outcome === "killed" && heard.kind === "firing") {
      const reply = this.#run(this.#kill(row, heard, now));
      if (reply.ok) revision = reply.value.revision;
      else outcome = "refused";
    }
    if (outcome === "killed" || outcome === "already-killed" || outcome === "repeated")
      calls.remember(id, episodes, now);
    calls.log(id, heard, outcome, revision, now);
    return { outcome, flag: body.flag, revision };
  }

  #isKilled(environment: string, { flag, variant }: Row<"trigger">["body"]): boolean {
    return activeKills(this.#tables.documents, environment).some(
      (kill) => kill.body.flag === flag && (kill.body.variant === undefined || kill.body.variant === variant),
    );
  }

  #kill(row: Row<"trigger">, heard: Extract<Signal, { kind: "firing" }>, now: number): Envelope {
    const { environment, body } = row;
    const { flag, variant } = body;
    const isTheirs = mayStateOnset(body, this.#tables.documents.get("flag", "", flag)?.body.purpose);
    const onset =
      heard.onset === null || !isTheirs ? {} : { onsetAt: new Date(Math.min(heard.onset, now)).toISOString() };
    return {
      id: `trigger/${row.key}/${crypto.randomUUID()}`,
      project: this.#tables.meta.project,
      actor: triggerActor(row),
      comment: `${SOURCE_NAMES[heard.source]}: ${heard.summary}`,
      command: { type: "kill", environment, flag, ...(variant === undefined ? {} : { variant }), ...onset },
    };
  }
}
