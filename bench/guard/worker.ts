import { parentPort } from "node:worker_threads";
import { type Detection, detect, type Scenario } from "./detection.ts";
import { harmlessPlan, type PlanOutcome } from "./harmless.ts";
import { Random } from "./random.ts";

export type Task =
  | { kind: "harmless"; plans: number; seed: number; stream: number }
  | { kind: "detect"; scenario: Scenario; runs: number; seed: number; stream: number };
export type Answer = { kind: "harmless"; outcomes: PlanOutcome[] } | { kind: "detect"; detection: Detection };

parentPort?.on("message", (task: Task) => {
  parentPort?.postMessage(answer(task));
});

function answer(task: Task): Answer {
  if (task.kind === "detect")
    return { kind: "detect", detection: detect(task.scenario, task.runs, task.seed, task.stream) };
  const random = new Random(task.seed, task.stream);
  return { kind: "harmless", outcomes: Array.from({ length: task.plans }, () => harmlessPlan(random)) };
}
