import { createRequire } from "node:module";
import path from "node:path";
import { root } from "../root.mjs";

// As an ES module would do it, Node reads wrangler's 15 MB twice more, to guess its format and its names: half a second.
/** @type {typeof import("wrangler")} */
const { unstable_startWorker } = createRequire(import.meta.url)("wrangler");

// Runs the Worker as `wrangler dev` would, through wrangler's API: only there can the inspector be switched off. The
// command line always opens one, a WebSocket without a password on which any program of this machine, and any page that
// finds the port, runs code within the Worker and reads its secrets.
//
// Arguments: the port, the state folder, and the file that holds this run's variables.

const [, , port = "", stateDir = "", envFile = ""] = process.argv;

const worker = await unstable_startWorker({
  config: path.join(root, "wrangler.toml"),
  envFiles: [envFile],
  dev: {
    remote: false,
    inspector: false,
    server: { hostname: "127.0.0.1", port: Number(port), secure: false },
    persist: stateDir,
    // Nothing here speaks with other Workers of this machine.
    registry: undefined,
    liveReload: false,
    testScheduled: false,
  },
});

let stopping = false;
for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT"])) {
  process.on(signal, async () => {
    if (stopping) return;
    stopping = true;
    await worker.dispose().catch(() => {});
    process.exit(0);
  });
}
await worker.ready;
