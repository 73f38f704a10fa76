import { expect, test } from "vitest";
import { actionWords } from "../../dashboard/domain/words/audit-words.ts";

const actor = { type: "token", id: "tok", name: "Ada", role: "engineer" } as const;
const words = (entity: string) =>
  actionWords({
    action: "put",
    actor,
    changes: [{ entity, environment: "", key: "k", before: null, after: { name: "k" } }],
  });

test("an entity is called by its name, unless that says too little", () => {
  expect(words("segment")).toBe("made the segment");
  expect(words("planTemplate")).toBe("made the plan template");
  expect(words("budget")).toBe("made the budget");
  expect(words("plan")).toBe("made the release plan");
  expect(words("constructor")).toBe("made the constructor");
});
