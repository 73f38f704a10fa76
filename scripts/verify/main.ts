import { Interrupted, runMain } from "../problem.mjs";
import { verify } from "./verify.ts";

// `npm run verify:deployment -- URL`: holds a running deployment to what is promised (docs/verify-deployment.md).

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    console.error("Deleting what was made …");
    stop.abort(new Interrupted(signal));
  });

await runMain(() =>
  verify(process.argv.slice(2), {
    fetch,
    env: process.env,
    signal: stop.signal,
    print: (line) => console.log(line),
    note: (line) => console.error(line),
  }),
);
