import type { Browser, BrowserContext, Page } from "playwright-core";
import { beforeEach } from "vitest";

// A timeout says what a test waited for and not what the page showed instead: scripts/test-reporter.mjs prints that too.

declare module "vitest" {
  interface TaskMeta {
    /** What the pages of a failed test showed at its end. */
    pages?: string;
  }
}

/** How much of a page's text a failure prints, in characters. */
const TEXT_LENGTH = 1_500;
const contexts = new Set<BrowserContext>();
/** The last texts of the contexts that the running test has closed, its clean-up included. */
let closed: string[] = [];

/** Follows every page of a browser. */
export function reportPagesOf(browser: Browser): void {
  const open = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await open(options);
    contexts.add(context);
    const close = context.close.bind(context);
    context.close = async (reason) => {
      closed.push(...(await textOf(context)));
      contexts.delete(context);
      await close(reason);
    };
    return context;
  };
  browser.on("disconnected", () => contexts.clear());
}

async function textOf(context: BrowserContext): Promise<string[]> {
  return Promise.all(context.pages().map(textOfPage));
}

async function textOfPage(page: Page): Promise<string> {
  const text = await page
    .locator("body")
    .ariaSnapshot({ timeout: 1_000 })
    .catch((error: Error) => `(no text: ${error.message.split("\n")[0]})`);
  return `${page.url()}\n${text.slice(0, TEXT_LENGTH)}`;
}

beforeEach(({ onTestFailed }) => {
  closed = [];
  // The test's own clean-up runs before this.
  onTestFailed(async ({ task }) => {
    const open = await Promise.all([...contexts].map(textOf));
    task.meta.pages = [...closed, ...open.flat()].join("\n\n");
  });
});
