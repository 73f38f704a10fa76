import chromium from "@sparticuz/chromium";
import { type Browser, type BrowserContext, type Page, chromium as playwright } from "playwright-core";
import type { Server } from "../process/server.ts";
import { reportPagesOf } from "./failure-report.ts";

/** The browser that ships inside an npm package: it needs no system libraries. */
export async function launch(): Promise<Browser> {
  const args = ["--no-sandbox", "--disable-background-networking"];
  const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args });
  reportPagesOf(browser);
  return browser;
}

/** A window of its own, signed in as administrator or with the token given. */
export async function signedIn(
  browser: Browser,
  server: Server,
  options: NonNullable<Parameters<Browser["newContext"]>[0]> & { token?: string } = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const { token = server.adminToken, ...rest } = options;
  const context = await browser.newContext({ reducedMotion: "reduce", ...rest });
  const answer = await context.request.post(`${server.url}/api/v1/session`, { data: { token } });
  if (!answer.ok()) throw new Error(`not signed in: ${answer.status()} ${await answer.text()}`);
  const page = await context.newPage();
  // Reached only when something is wrong; the machine may be busy.
  page.setDefaultTimeout(20_000);
  return { context, page };
}

/** Everything that a page says went wrong: exceptions, and what its content security policy refused. */
export function watchErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedHTML/.test(message.text())) errors.push(message.text());
  });
  return errors;
}
