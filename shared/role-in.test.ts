import { describe, expect, test } from "vitest";
import { authorityOf, EVERYWHERE, projectRole, roleIn } from "./role-in.ts";

const careful = authorityOf("engineer", { production: "viewer", staging: "admin" });

describe("roles by environment", () => {
  test("an environment's own role stands in place of the project's, whether it is more or less", () => {
    expect(roleIn(careful, "production")).toBe("viewer");
    expect(roleIn(careful, "staging")).toBe("admin");
    expect(roleIn(careful, "qa")).toBe("engineer");
    expect(projectRole(careful)).toBe("engineer");
  });

  test("what acts in every environment takes the least of all, the project's included", () => {
    expect(roleIn(careful, EVERYWHERE)).toBe("viewer");
    expect(roleIn(authorityOf("viewer", { production: "engineer" }), EVERYWHERE)).toBe("viewer");
    expect(roleIn(authorityOf("engineer", { production: "engineer" }), EVERYWHERE)).toBe("engineer");
  });

  test("a version that knows of one role only sees the least", () => {
    expect(careful.role).toBe("viewer");
    expect(authorityOf("viewer", { production: "admin" }).role).toBe("viewer");
  });

  test("one role for all has no grants, as tokens of earlier versions", () => {
    expect(authorityOf("marketer")).toEqual({ role: "marketer" });
    expect(authorityOf("marketer", {})).toEqual({ role: "marketer" });
    for (const environment of [EVERYWHERE, "production"])
      expect(roleIn({ role: "marketer" }, environment)).toBe("marketer");
  });

  test("an environment is looked up by its own name only", () => {
    for (const name of ["constructor", "tostring", "__proto__"]) expect(roleIn(careful, name)).toBe("engineer");
  });
});
