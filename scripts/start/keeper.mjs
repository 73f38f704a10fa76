import { spawn } from "node:child_process";

// Leads wrangler's process group and outlives its starter by just long enough to end that group. The channel to
// the parent is the leash: the kernel closes it however the parent dies, SIGKILL included. workerd does not notice when
// wrangler is killed, and wrangler does not notice when npm is: without this process both would stay.

/** How long wrangler may take to stop workerd by itself. */
const GRACE_MS = 3000;

/** @type {import("node:child_process").ChildProcess} */
const child = spawn(process.execPath, process.argv.slice(2), { stdio: ["ignore", "inherit", "inherit"] });

/** To our whole group: wrangler, both workerd, and for SIGKILL this process too. */
const killGroup = (/** @type {NodeJS.Signals} */ signal) => process.kill(0, signal);

// Signals to the group are meant for wrangler; this process ends when the group has.
process.on("SIGTERM", () => {});
process.on("SIGINT", () => {});

child.on("error", () => killGroup("SIGKILL"));
child.on("exit", () => killGroup("SIGKILL"));

process.on("disconnect", () => {
  killGroup("SIGTERM");
  setTimeout(() => killGroup("SIGKILL"), GRACE_MS);
});
