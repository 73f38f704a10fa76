import { expect, test } from "vitest";
import { done } from "../../testing/http.ts";
import { newName } from "../../testing/names.ts";

const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };

test("who makes a flag that browsers are not served is told so, once", async () => {
  const at = `/projects/${newName()}`;
  await done("PUT", at, {});
  const made = await done("PUT", `${at}/flags/checkout`, definition);
  expect(made.visibility).toBe("server-only");
  expect(made.notes).toEqual([expect.stringMatching(/^Client keys .* FLAG_NOT_FOUND .*"public" or "targeted"/)]);
  expect(await done("PUT", `${at}/flags/checkout`, { ...definition, description: "changed" })).not.toHaveProperty(
    "notes",
  );
  expect(await done("GET", `${at}/flags/checkout`)).not.toHaveProperty("notes");
  for (const visibility of ["public", "targeted"])
    expect(await done("PUT", `${at}/flags/${visibility}`, { ...definition, visibility })).not.toHaveProperty("notes");
});
