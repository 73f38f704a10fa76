import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];
/** A receiver that answers with the status set, and everything that it was sent. */
const receiver = { status: 204, got: [] as { url: string; headers: Record<string, string>; body: string }[] };
const sink = http.createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  receiver.got.push({ url: request.url ?? "", headers: request.headers as Record<string, string>, body });
  response.writeHead(receiver.status).end();
});
const received = async (url: string, count: number) => {
  const mine = () => receiver.got.filter((one) => one.url === url);
  for (let turn = 0; turn < 200 && mine().length < count; turn++) await sleep(50);
  return mine();
};
const KILL = "/projects/demo/environments/production/flags/banner-text";

beforeAll(async () => {
  sink.listen(0, "127.0.0.1");
  await once(sink, "listening");
  [server, browser] = await Promise.all([startServer({ env: { SEED: "", WEBHOOK_LOCAL_TARGETS: "allow" } }), launch()]);
  ({ page } = await signedIn(browser, server));
  errors = watchErrors(page);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  sink.close();
});
const address = (path: string) => `http://127.0.0.1:${(sink.address() as AddressInfo).port}${path}`;

test("a signed webhook is made, its secret shown once, and what it hears is verified by the specification's library", async () => {
  await page.goto(`${server.url}/p/demo/settings`);
  const card = page.locator("section", { has: page.getByRole("heading", { name: "Webhooks" }) });
  await card.getByText("Nobody is told yet.").waitFor();
  await card.getByLabel("New webhook for").fill("Deploy bot");
  await card.getByLabel("Sent as").selectOption("standard");
  await card.getByLabel(/^Address/).fill(address("/signed"));
  await card.getByRole("button", { name: "Make the webhook" }).click();
  const secret = (await card.locator(".secret").textContent()) ?? "";

  await server.admin(`${KILL}/kill`, { method: "POST", body: { comment: "wrong price" } });
  const [message] = await received("/signed", 1);
  const verified = new Webhook(secret).verify(message?.body ?? "", message?.headers ?? {}) as {
    type: string;
    data: object;
  };
  expect(verified).toMatchObject({
    type: "flag.killed",
    data: { project: "demo", flag: "banner-text", environment: "production", comment: "wrong price" },
  });

  await page.reload();
  await card.getByText("1 received").waitFor();
  expect(await card.locator(".secret").count()).toBe(0);
  await card.getByRole("button", { name: "Show deliveries" }).click();
  await card.getByRole("list", { name: "Deliveries to Deploy bot" }).getByText("A flag is killed").waitFor();
  await card.getByRole("button", { name: "Send a test" }).click();
  await page.getByText("Deploy bot received the test").waitFor();
  expect((await received("/signed", 2))[1]?.body).toContain("webhook.test");
});

test("what a receiver refuses is retried after five seconds, with the same id", async () => {
  receiver.status = 503;
  await server.admin(`${KILL}/restore`, { method: "POST", body: {} });
  const before = (await received("/signed", 3)).at(-1);
  receiver.status = 204;
  const after = (await received("/signed", 4)).at(-1);
  expect(after?.headers["webhook-id"]).toBe(before?.headers["webhook-id"]);
  expect(Number(after?.headers["webhook-timestamp"])).toBeGreaterThan(Number(before?.headers["webhook-timestamp"]));
});

test("Slack is told in words, and a paused webhook nothing", async () => {
  await page.goto(`${server.url}/p/demo/settings`);
  const card = page.locator("section", { has: page.getByRole("heading", { name: "Webhooks" }) });
  await card.getByLabel("New webhook for").fill("#releases");
  await card.getByLabel(/^Address/).fill(address("/slack"));
  await card.getByRole("button", { name: "Make the webhook" }).click();
  await card.getByText("#releases").waitFor();
  await server.admin(`${KILL}/kill`, { method: "POST", body: {} });
  const [told] = await received("/slack", 1);
  const { text } = JSON.parse(told?.body ?? "{}");
  expect(text).toContain(
    `<${server.url}/p/demo/flags/banner-text?env=production|banner-text> was killed in *production*`,
  );
  const row = card.locator("li", { hasText: "#releases" });
  await row.getByRole("button", { name: "Pause" }).click();
  await row.getByText("Paused", { exact: true }).waitFor();
  await server.admin(`${KILL}/restore`, { method: "POST", body: {} });
  await received("/signed", 6);
  expect(receiver.got.filter(({ url }) => url === "/slack")).toHaveLength(1);
  expect(errors).toEqual([]);
});

test("an address that is not allowed is refused beside what was typed", async () => {
  await page.goto(`${server.url}/p/demo/settings`);
  const card = page.locator("section", { has: page.getByRole("heading", { name: "Webhooks" }) });
  await card.getByLabel("New webhook for").fill("Odd");
  await card.getByLabel(/^Address/).fill("ftp://files.example.com/");
  await card.getByRole("button", { name: "Make the webhook" }).click();
  await card.getByText(/use https/).waitFor();
  await expect.poll(() => card.getByLabel("New webhook for").inputValue()).toBe("Odd");
});

test("a webhook gets another secret, and is taken back, each after a question", async () => {
  await page.goto(`${server.url}/p/demo/settings`);
  const card = page.locator("section", { has: page.getByRole("heading", { name: "Webhooks" }) });
  const row = card.locator("li", { hasText: "Deploy bot" });
  await row.getByRole("button", { name: "New secret" }).click();
  const question = page.getByRole("dialog", { name: "Give Deploy bot another signing secret?" });
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "detached" });
  expect(await card.locator(".secret").count()).toBe(0);
  await row.getByRole("button", { name: "New secret" }).click();
  await question.getByRole("button", { name: "Make another secret" }).click();
  expect(await card.locator(".secret").textContent()).toMatch(/^whsec_/);
  await row.getByRole("button", { name: "Take back" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Take it back" }).click();
  await row.waitFor({ state: "detached" });
  expect(errors).toEqual([]);
});
