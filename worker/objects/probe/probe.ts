import {
  type ProbeAnswer,
  type ProbeOrder,
  type ProbeReport,
  type ProbeSample,
  probeAnswer,
} from "../../../shared/schema/probe.ts";
import type { Env } from "../../env.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import type { ProbeMethods } from "./methods.ts";

/** A call that takes longer (ms) has no answer. */
const CALL_MS = 5_000;

/**
 * Runs in a region that it was created in, to measure a deployment from there: it calls the Worker by its public address,
 * as an app in that region does. It stores nothing.
 */
export class Probe extends DurableBase implements ProbeMethods {
  protected readonly methods = new Set<keyof ProbeMethods>(["look"]);
  readonly #version: string | null;

  constructor(state: DurableObjectState, env: Env) {
    super(state);
    this.#version = env.VERSION?.id ?? null;
  }

  async look(address: string, order: ProbeOrder): Promise<ProbeReport> {
    const { forMs, everyMs, atOnce } = order;
    const samples: ProbeSample[] = [];
    const steps = Math.floor(forMs / everyMs) + 1;
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let step = 0; step < steps; step++) {
          const began = Date.now();
          samples.push(await ask(address, order));
          if (step + 1 < steps) await scheduler.wait(Math.max(0, everyMs - (Date.now() - began)));
        }
      }),
    );
    return { version: this.#version, samples };
  }
}

async function ask(address: string, { key, question }: ProbeOrder): Promise<ProbeSample> {
  const at = Date.now();
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify(question),
      redirect: "manual",
      signal: AbortSignal.timeout(CALL_MS),
    });
    const text = await response.text();
    return { at, ms: Date.now() - at, status: response.status, answer: response.ok ? answerOf(text) : null };
  } catch {
    return { at, ms: Date.now() - at, status: 0, answer: null };
  }
}

/** Something else may answer at the address, such as a page that asks people to sign in. */
function answerOf(text: string): ProbeAnswer | null {
  try {
    return probeAnswer.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
