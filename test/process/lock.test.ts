import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createStateDir, root } from "./server.ts";

const lockModule = path.join(root, "scripts", "lock.mjs");

function lockFile() {
  const folder = createStateDir();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, "test.lock");
}

/** A process that tries for the lock once, says how it went, and stays until its input closes. */
function contender(file: string) {
  const script = `
    import { takeLock } from ${JSON.stringify(lockModule)};
    process.stdout.write(takeLock(${JSON.stringify(file)}).taken ? "taken" : "refused");
    process.stdin.resume();
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return {
    child,
    answer: once(child.stdout, "data").then(([data]) => String(data)),
  };
}

test.for([
  ["free", undefined],
  ["left by a dead process", JSON.stringify({ pid: 2 ** 22 + 1, began: "1" })],
  ["left by a process whose id was used again", JSON.stringify({ pid: process.pid, began: "1" })],
  ["damaged", "{"],
] as const)("of many contenders exactly one takes a lock that is %s", async ([, content]) => {
  const file = lockFile();
  if (content !== undefined) writeFileSync(file, content);
  const contenders = Array.from({ length: 8 }, () => contender(file));
  const answers = await Promise.all(contenders.map(({ answer }) => answer));
  expect(answers.filter((answer) => answer === "taken")).toHaveLength(1);
  const winner = contenders[answers.indexOf("taken")];
  expect(JSON.parse(readFileSync(file, "utf8")).pid).toBe(winner?.child.pid);
  expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)]);
});

test("a lock is free again when its holder is killed", async () => {
  const file = lockFile();
  const first = contender(file);
  expect(await first.answer).toBe("taken");
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  expect(await contender(file).answer).toBe("taken");
});
