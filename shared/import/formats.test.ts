import { expect, test } from "vitest";
import { formatOf, VENDORS } from "./formats.ts";

const folders = import.meta.glob<string>("./*/format.ts", { query: "?raw", import: "default" } as never);

test("each folder with a format is listed, under the name that it gives itself", async () => {
  expect(
    Object.keys(folders)
      .map((file) => file.split("/")[1])
      .sort(),
  ).toEqual([...VENDORS].sort());
  for (const vendor of VENDORS) expect((await formatOf(vendor)).vendor).toBe(vendor);
});
