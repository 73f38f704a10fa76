import { randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { firstValue, firstValuesScript, readFirstValues } from "@blastdoor/browser/server";

// What the server decides, the browser goes on with: no second request for the first values, and nothing that jumps.

const baseUrl = process.env.BLASTDOOR_URL ?? "http://127.0.0.1:8787";
const key = process.env.BLASTDOOR_KEY ?? "";

const server = createServer(async (request, response) => {
  const known = /(?:^|; )visitor=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1];
  const visitor = known ?? randomUUID();
  const context = { plan: "gold" };
  const values = await readFirstValues({ baseUrl, key, id: visitor, context });
  const isNew = firstValue(values, "new-checkout", false);
  const nonce = randomBytes(16).toString("base64");
  response.writeHead(200, {
    "Content-Type": "text/html; charset=utf-8",
    // One visitor's values are no other's.
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": `default-src 'none'; script-src 'nonce-${nonce}'; connect-src ${baseUrl}`,
    "Set-Cookie": `visitor=${visitor}; Path=/; Max-Age=31536000; SameSite=Lax`,
  });
  response.end(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Shop</title>
${firstValuesScript(values, { nonce })}
<script nonce="${nonce}" src="${baseUrl}/blastdoor.js" data-key="${key}" data-context="${escaped(JSON.stringify(context))}" defer></script>
<h1>${escaped(firstValue(values, "greeting", "Welcome"))}</h1>
<button data-flag="!new-checkout"${isNew ? " hidden" : ""}>Check out</button>
<button data-flag="new-checkout"${isNew ? "" : " hidden"}>Pay in one step</button>
</html>`);
});

const escaped = (text: string) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on ${typeof address === "object" ? address?.port : address}`);
});
