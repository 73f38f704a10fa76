import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ShopSettings } from "./shop.ts";

/** One running deployment of the shop. */
export interface Deployment {
  url: string;
  stop(): Promise<void>;
}

export async function deploy(settings: ShopSettings): Promise<Deployment> {
  const child: ChildProcess = fork(fileURLToPath(new URL("shop.ts", import.meta.url)), {
    env: { ...process.env, SHOP: JSON.stringify(settings) },
    execArgv: ["--no-warnings"],
  });
  const [message] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => {
      throw new Error("the shop ended before it was ready");
    }),
  ])) as [{ port: number }];
  return {
    url: `http://127.0.0.1:${message.port}`,
    async stop() {
      const ended = once(child, "exit");
      child.send("stop");
      await ended;
    },
  };
}
