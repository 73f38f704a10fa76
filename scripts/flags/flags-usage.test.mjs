import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { findUses, usesIn } from "./find-uses.mjs";
import { usageReport } from "./usage-report.mjs";

const keys = new Set(["new-checkout", "banner", "old.price"]);

test("a use is the whole key in quotes of any kind, once a line", () => {
  const text = [
    'if (flags.getBooleanValue("new-checkout", false)) {',
    "banner = 1 // banner",
    "ask('banner'); ask(`banner`)",
    "x = \"new-checkout-2\" + 'renew-checkout'",
    '<div data-flag="old.price">',
  ].join("\n");
  expect([...usesIn(text, keys)]).toEqual([
    ["new-checkout", [1]],
    ["banner", [3]],
    ["old.price", [5]],
  ]);
});

test("a tree is read without others' code, hidden folders, binaries and links", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-uses-"));
  try {
    const put = (/** @type {string} */ name, /** @type {string} */ text) => {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    };
    put("src/a.ts", 'x\nask("banner")');
    put("src/deep/b.py", "ask('banner')");
    for (const other of ["node_modules/c.js", ".git/d.js", "dist/e.js"]) put(other, 'ask("banner")');
    put("binary", 'ask("banner")\0');
    symlinkSync(folder, path.join(folder, "src", "loop"));
    const { uses, files } = findUses(folder, keys);
    expect(files).toBe(2);
    expect([...uses]).toEqual([
      [
        "banner",
        [
          { file: path.join("src", "a.ts"), line: 2 },
          { file: path.join("src", "deep", "b.py"), line: 1 },
        ],
      ],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the report names removable code, flags to archive and the rest, and counts uses of archived flags", () => {
  const flags = [
    { key: "gone", archived: true },
    { key: "gone-unused", archived: true },
    { key: "settled", archived: false },
    { key: "unused", archived: false },
    { key: "used", archived: false },
  ];
  const debts = [{ flag: "settled", keep: "on", reasons: [{ reason: "rolled-out", since: "2026-10-01T00:00:00Z" }] }];
  const use = { file: "a.ts", line: 3 };
  const report = usageReport(
    flags,
    debts,
    new Map([
      ["gone", [use]],
      ["settled", [use]],
      ["used", [use, use]],
    ]),
  );
  expect(report).toEqual({
    removable: [
      "  gone: archived, so code gets its own default",
      "      a.ts:3",
      '  settled: everybody has got one variant since 2026-10-01; keep what "on" does',
      "      a.ts:3",
    ],
    unused: ["  unused: not found in this code"],
    used: ["  used: 2 uses"],
    broken: 1,
  });
});
