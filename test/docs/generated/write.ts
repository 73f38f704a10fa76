import { writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../../process/server.ts";
import { PAGES } from "./pages.ts";

// `npm run docs`: writes the pages of docs/ that come from the code.

for (const { file, text } of PAGES) {
  writeFileSync(path.join(root, file), text());
  console.log(`wrote ${file}`);
}
