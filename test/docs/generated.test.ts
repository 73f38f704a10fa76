import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "../process/server.ts";
import { PAGES } from "./generated/pages.ts";

test.each(PAGES)("$file is what the code says: else run `npm run docs`", ({ file, text }) => {
  expect(readFileSync(path.join(root, file), "utf8")).toBe(text());
});
