import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/*
 * Who used the machine's processors while something was measured, and who had to wait for one: a latency that was
 * spent in the kernel's queue says nothing about the program.
 */

/** Shares of the time that passed; 1 is one processor throughout. */
export interface Share {
  /** On a processor, all threads together. */
  ran: number;
  /** Ready to run while the processors were others', all threads together. */
  waited: number;
}

export interface Seen<Name extends string> {
  seconds: number;
  processes: Record<Name, Share>;
  /** Of the machine: everybody else on it, the kernel's own work, and what the host took away. */
  others: number;
  /** Of the machine, in processors. */
  idle: number;
}

const NS_PER_S = 1_000_000_000;
let ticksPerSecond: number | undefined;

/** Looks from now on; the answer tells of the time since. */
export function watch<Name extends string>(pids: Readonly<Record<Name, number>>): () => Seen<Name> {
  const names = Object.keys(pids) as Name[];
  const began = performance.now();
  const before = new Map(names.map((name) => [name, workOf(pids[name])]));
  const idleBefore = idleSeconds();
  return () => {
    const seconds = (performance.now() - began) / 1_000;
    const shares = names.map((name): [Name, Share] => {
      const [then, now] = [before.get(name) as Work, workOf(pids[name])];
      return [name, { ran: (now.ran - then.ran) / seconds, waited: (now.waited - then.waited) / seconds }];
    });
    const idle = (idleSeconds() - idleBefore) / seconds;
    const ours = shares.reduce((sum, [, { ran }]) => sum + ran, 0);
    const processes = Object.fromEntries(shares) as Record<Name, Share>;
    return { seconds, processes, others: Math.max(0, availableParallelism() - idle - ours), idle };
  };
}

/** In seconds, since the process began. */
interface Work {
  ran: number;
  waited: number;
}

/** proc(5): `schedstat` holds a thread's time on a processor and its time in a run queue (ns). */
function workOf(pid: number): Work {
  const work: Work = { ran: 0, waited: 0 };
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [ran = 0, waited = 0] = textOf(`/proc/${pid}/task/${thread}/schedstat`).split(" ").map(Number);
    work.ran += ran / NS_PER_S;
    work.waited += waited / NS_PER_S;
  }
  return work;
}

/** A thread may end before it is read; then little is lost. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "0 0";
  }
}

/** proc(5): the first line of `/proc/stat`, whose fourth and fifth numbers are idle time. */
function idleSeconds(): number {
  ticksPerSecond ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  const [, , , idle = 0, waiting = 0] = (readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "")
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (idle + waiting) / ticksPerSecond;
}
