import net from "node:net";

/**
 * A port of 127.0.0.1 that nobody listens on now, below those that outgoing connections are given (from 32768 on): one
 * of them, of a program that runs beside, would take it before it is listened on.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const isFree = await new Promise((resolve) => {
      const server = net.createServer();
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
