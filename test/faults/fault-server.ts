import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * The Worker announces each step of a write here and waits for leave. One step at a time can be armed: when it is
 * reached, `onReached` runs while the Worker waits, and no leave is given.
 */
export async function startFaultServer() {
  let armed: { step: string; reached: () => void } | null = null;
  const held: ServerResponse[] = [];
  const server = createServer((request, response) => {
    const step = request.url?.replace("/step/", "") ?? "";
    if (armed?.step !== step) {
      response.end("go on");
      return;
    }
    // Inside the transaction nothing can wait: the Worker is told to stay in it for a while.
    if (step === "in-transaction") response.end("linger");
    else held.push(response);
    const { reached } = armed;
    armed = null;
    setTimeout(reached, step === "in-transaction" ? 150 : 0);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Resolves when the step is reached. */
    arm: (step: string) => new Promise<void>((reached) => (armed = { step, reached })),
    /** Lets everything that still waits go. */
    release: () => {
      armed = null;
      for (const response of held.splice(0)) response.destroy();
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
