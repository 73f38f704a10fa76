import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "../process/server.ts";

// docs/browser-script.md against the script that it describes.

const page = readFileSync(path.join(root, "docs", "browser-script.md"), "utf8");
const script = readFileSync(path.join(root, "client", "browser", "blastdoor.ts"), "utf8");
const rowsOf = (title: string) => {
  const [, section = ""] = page.split(`\n## ${title}\n`);
  const [own = ""] = section.split("\n## ");
  return [...own.matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name);
};
const camel = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

test("lists the attributes of the script element that it reads, and no others", () => {
  const read = [...script.matchAll(/script\??\.dataset\.(\w+)/g)].map(([, name]) => name);
  expect(
    rowsOf("Attributes of the script element")
      .map((name) => camel(name.replace("data-", "")))
      .sort(),
  ).toEqual([...new Set(read)].sort());
});

test("lists the attributes of elements that it looks for", () => {
  const [, selector = ""] = /querySelectorAll<HTMLElement>\("([^"]+)"\)/.exec(script) ?? [];
  const looked = [...selector.matchAll(/\[([\w-]+)\]/g)].map(([, name]) => name);
  const listed = new Set(rowsOf("Attributes of elements").map((row) => row.split("=")[0]));
  expect([...listed].sort()).toEqual(looked.sort());
});

test("lists the members of window.blastdoor", () => {
  const [, made = ""] = script.split("window.blastdoor = {");
  const members = [...made.matchAll(/^ {4}(?:async )?(\w+)(?:[(<:,])/gm)].map(([, name]) => name);
  expect(rowsOf("`window.blastdoor`").map((name) => name.split("(")[0])).toEqual(members);
});

test("names the element of first values and the storage that it uses", () => {
  const [, id = ""] = /getElementById\("([\w-]+)"\)/.exec(script) ?? [];
  expect(id).not.toBe("");
  expect(page).toContain(`id="${id}"`);
  for (const storage of ["localStorage", "sessionStorage"]) {
    expect(script).toContain(`"${storage}"`);
    expect(page).toContain(`\`${storage}.blastdoor\``);
  }
});

test("lists every address that it asks", () => {
  const listed = rowsOf("What it sends").join("\n");
  for (const [, address = ""] of script.matchAll(/\bpost\([`"](\w+)/g)) expect(listed).toContain(`/v1/${address}`);
  for (const address of ["/ofrep/v1/evaluate/flags", "/ofrep/v1/streams/", "/blastdoor.js?doors"])
    expect(listed).toContain(address);
});
