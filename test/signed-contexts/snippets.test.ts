import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeSnippet } from "../../dashboard/features/settings/signing-snippet.ts";
import { root } from "../process/server.ts";
import { openSignedShop, type SignedShop } from "./shop.ts";

// What people copy runs as it stands, and the Worker believes what it signs.

let shop: SignedShop;
let key: string;
/** Below the project, so that its packages are found. */
const folder = mkdtempSync(path.join(root, "node_modules", ".cache-snippets-"));
beforeAll(async () => {
  shop = await openSignedShop();
  key = await shop.clientKey({ require: "context" });
  process.env.BLASTDOOR_SIGNING_SECRET = shop.signer.secret;
  process.env.BLASTDOOR_SIGNING_KEY_ID = shop.signer.id;
  process.env.BLASTDOOR_AUDIENCE = shop.signer.audience;
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await shop?.[Symbol.asyncDispose]();
});

const documented = () => {
  const page = readFileSync(path.join(root, "docs", "signed-contexts.md"), "utf8");
  return /^### Node\n[\s\S]*?^```js\n([\s\S]*?)^```/m.exec(page)?.[1] ?? "";
};

test.each([
  ["the documentation", documented],
  ["the dashboard", () => nodeSnippet(shop.signer)],
])("the Node snippet of %s signs what the Worker believes", async (what, snippet) => {
  const file = path.join(folder, `${what.replace(" ", "-")}.mjs`);
  writeFileSync(file, snippet());
  const { signedContext } = await import(/* @vite-ignore */ pathToFileURL(file).href);
  const served = async (plan: string) => {
    const response = await fetch(`${shop.server.url}/ofrep/v1/evaluate/flags/gold-price`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
      body: JSON.stringify({ context: { plan: "gold", blastdoorContext: await signedContext({ id: "ann", plan }) } }),
    });
    expect(response.status).toBe(200);
    return ((await response.json()) as { value: boolean }).value;
  };
  expect([await served("gold"), await served("free")]).toEqual([true, false]);
});

test.each(["Node", "Python", "Go", "PHP", "Ruby", "Java"])("the snippet for %s is there, and names HS256", (name) => {
  const page = readFileSync(path.join(root, "docs", "signed-contexts.md"), "utf8");
  const section = page.split(/^### /m).find((one) => one.startsWith(`${name}\n`)) ?? "";
  expect(section).toMatch(/HS256/);
  expect(section).toContain("BLASTDOOR_SIGNING_SECRET");
});
