import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OpenFeature } from "@openfeature/server-sdk";
import { OpenFeatureTelemetry } from "../../client/telemetry/openfeature-telemetry.ts";
import { DEFAULT_GOAL_EVENT, DEFAULT_OUTCOME_EVENT } from "../../shared/telemetry/default-events.ts";
import { newCheckout, newCheckoutFixed, type Order, oldCheckout } from "./checkout.ts";
import { PoolExhausted } from "./connection-pool.ts";

// The shop: one process per deployment. Without FLAG it serves the version that was deployed to everybody; with it,
// both versions are there and the flag decides, person by person. Speaks OpenFeature only.

export interface ShopSettings {
  /** Which v2 was deployed. */
  v2: "broken" | "fixed";
  /** Connections of the mended v2. */
  pool?: number;
  /** Served to everybody when there is no flag. */
  everybody: "v1" | "v2";
  flag?: { key: string; baseUrl: string; serverKey: string };
}

export interface Answer {
  version: "v1" | "v2";
  /** Another page follows, the order is placed, or it failed: for want of a connection, or at the bank. */
  result: "next" | "ordered" | "timed-out" | "declined";
}

const settings = JSON.parse(process.env.SHOP ?? "{}") as ShopSettings;
const pay = { v1: oldCheckout(), v2: settings.v2 === "fixed" ? newCheckoutFixed(settings.pool) : newCheckout() };
const telemetry = settings.flag
  ? new OpenFeatureTelemetry({
      baseUrl: settings.flag.baseUrl,
      key: settings.flag.serverKey,
      flushMs: 500,
      onDropped: (events, why) => console.error(`the shop could not report ${events} events: ${why}`),
    })
  : null;

if (settings.flag && telemetry) {
  const { baseUrl, serverKey } = settings.flag;
  OpenFeature.addHooks(telemetry.hook);
  await OpenFeature.setProviderAndWait(
    new OFREPProvider({ baseUrl, headers: [["Authorization", `Bearer ${serverKey}`]] }),
  );
}
const flags = OpenFeature.getClient();

async function versionFor(user: string): Promise<"v1" | "v2"> {
  if (!settings.flag) return settings.everybody;
  const isNew = await flags.getBooleanValue(settings.flag.key, false, { targetingKey: user });
  return isNew ? "v2" : "v1";
}

/** One page of the checkout. v1 asks for the address first and for the payment on a second page. */
async function checkout({ user, voucher, page }: Order & { page: number }): Promise<Answer> {
  const version = await versionFor(user);
  if (version === "v1" && page === 1) return { version, result: "next" };
  const from = performance.now();
  let result: Answer["result"] = "ordered";
  try {
    await pay[version]({ user, voucher });
  } catch (error) {
    result = error instanceof PoolExhausted ? "timed-out" : "declined";
  }
  const context = { targetingKey: user };
  telemetry?.outcome(DEFAULT_OUTCOME_EVENT, context, { ok: result === "ordered", latencyMs: performance.now() - from });
  if (result === "ordered") telemetry?.conversion(DEFAULT_GOAL_EVENT, context);
  return { version, result };
}

const server = createServer(async (request, response) => {
  const answer = await checkout(JSON.parse(await textOf(request)));
  const status = answer.result === "timed-out" ? 504 : answer.result === "declined" ? 502 : 200;
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
}).listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

process.on("message", async (message) => {
  if (message !== "stop") return;
  await telemetry?.close();
  process.exit(0);
});
// The story that started the shop is over, however it ended.
process.on("disconnect", () => process.exit(0));
