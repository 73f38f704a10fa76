import { existsSync } from "node:fs";
import path from "node:path";
import { runChild } from "./child.mjs";
import { findNode } from "./pinned-node.mjs";
import { Problem, runMain } from "./problem.mjs";
import { root } from "./root.mjs";
import { setup } from "./setup.mjs";

// `npm run bench` and its kin: sets up as `npm start` does, so that a fresh clone can measure, then runs one program of
// the project under the pinned Node. Arguments go on to it: `npm run bench -- --write`.

await runMain(async () => {
  const [program = "", ...args] = process.argv.slice(2);
  const script = path.join(root, program);
  if (!program.endsWith(".ts") || !existsSync(script))
    throw new Problem(`There is no program "${program}": name a file of this project, such as bench/growth.ts.`);
  await setup();
  const { code } = await runChild(findNode(), ["--no-warnings", script, ...args], { stdio: "inherit" });
  return code;
});
