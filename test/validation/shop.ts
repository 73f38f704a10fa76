import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Server } from "../process/server.ts";

/** A browser that does not say "headless": it would be taken for a bot, rightly. */
export const HUMAN =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0 Safari/537.36";

/** A shop of another origin, under a policy that lets in nothing but the script and its requests. */
export interface Shop extends AsyncDisposable {
  origin: string;
  /** The page's body, and attributes of the script. */
  serve(body: string, attributes?: string): void;
}

export async function openShop(server: Server, key: string): Promise<Shop> {
  let page = "";
  const site = createServer((request, response) => {
    if (request.url === "/favicon.ico") return response.writeHead(404).end();
    response.setHeader("Content-Type", "text/html");
    response.setHeader(
      "Content-Security-Policy",
      `default-src 'none'; script-src ${server.url}/blastdoor.js; connect-src ${server.url}; base-uri 'none'; require-trusted-types-for 'script'`,
    );
    response.end(page);
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  return {
    origin: `http://127.0.0.1:${(site.address() as AddressInfo).port}`,
    serve(body, attributes = "") {
      page = `<!doctype html><title>Shop</title><script src="${server.url}/blastdoor.js" data-key="${key}" ${attributes}></script><body>${body}`;
    },
    async [Symbol.asyncDispose]() {
      site.closeAllConnections();
      site.close();
    },
  };
}

/** A visitor with storage of their own, and everything that went wrong on their page. */
export async function visitor(
  browser: Browser,
  userAgent = HUMAN,
): Promise<{
  context: BrowserContext;
  page: Page;
  errors: string[];
}> {
  const context = await browser.newContext({ userAgent });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/.test(message.text())) errors.push(message.text());
  });
  return { context, page, errors };
}
