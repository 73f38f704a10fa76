import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "../process/server.ts";

const FOLDERS = ["shared", "worker", "dashboard", "client", "scripts", "test", "bench", "demo", "docs"];
const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "SECURITY.md",
  ...readdirSync(path.join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const read = (page: string) => readFileSync(path.join(root, page), "utf8");
const withoutBlocks = (text: string) => text.replaceAll(/^```[\s\S]*?^```/gm, "");

/** Tests are often named without their ending. */
const ENDINGS = ["", ".ts", ".tsx", ".mjs", ".test.ts"];
const exists = (named: string) => ENDINGS.some((ending) => existsSync(path.join(root, named + ending)));

test.each(PAGES)("every path that %s names exists", (page) => {
  const named = [...withoutBlocks(read(page)).matchAll(/`([a-z]+\/[\w./-]*)`/g)].map(([, one = ""]) => one);
  expect(named.filter((one) => FOLDERS.includes(one.split("/")[0] ?? "") && !exists(one))).toEqual([]);
});

test.each(PAGES)("every file that %s links to exists", (page) => {
  const links = [...withoutBlocks(read(page)).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) => link);
  const files = links.filter((link) => !/^[a-z]+:/.test(link)).map((link) => path.join(path.dirname(page), link));
  expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
});

test("the pictures of docs/architecture.md name files that exist", () => {
  const named = [...read("docs/architecture.md").matchAll(/^ *participant \w+ as (\S+)$/gm)].map(([, one = ""]) => one);
  const found = (one: string) => ["", "worker", "worker/objects"].some((base) => exists(path.posix.join(base, one)));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((one) => !found(one))).toEqual([]);
});
