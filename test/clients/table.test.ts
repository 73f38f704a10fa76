import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "../process/server.ts";

/** Rows of the table in docs/clients.md, as the tests name them. */
function rows(): string[] {
  const text = readFileSync(path.join(root, "docs", "clients.md"), "utf8");
  const clients = "web provider|React SDK|server provider|in-process provider|blastdoor\\.js";
  return [...text.matchAll(new RegExp(`^\\| (${clients}) \\| ([^|]+) \\|`, "gm"))].map(
    ([, client, name]) => `${client}: ${name?.replaceAll("`", "").trim()}`,
  );
}

/** What the tests here are called; a part of a name that varies is taken for any text. */
function tests(): RegExp[] {
  const sources = readdirSync(import.meta.dirname).filter(
    (name) => name.endsWith(".test.ts") && name !== "table.test.ts",
  );
  const names = sources.flatMap((name) => {
    const source = readFileSync(path.join(import.meta.dirname, name), "utf8");
    return [...source.matchAll(/situation\(\s*"([^"]+)",\s*["`](.+?)["`],\s*async/gs)];
  });
  const literal = (text: string) => text.replaceAll(/[.*+?^()|[\]\\]/g, "\\$&");
  return names.map(([, client = "", name = ""]) => {
    const parts = name.split(/\$\{(?:[^{}]|\{[^{}]*\}|`[^`]*`)*\}/).map(literal);
    return new RegExp(`^${literal(client)}: ${parts.join(".+")}$`);
  });
}

test("each row of the documentation's table is a test, and each test is a row", () => {
  const [named, tested] = [rows(), tests()];
  expect(named.length).toBeGreaterThan(25);
  expect(named.filter((row) => !tested.some((name) => name.test(row)))).toEqual([]);
  expect(tested.filter((name) => !named.some((row) => name.test(row))).map(String)).toEqual([]);
});
