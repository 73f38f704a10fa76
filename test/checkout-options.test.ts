import { describe, expect, it } from "vitest";
import { optionsOf } from "../demo/checkout/options.ts";

describe("the demo's options", () => {
  it("without any, all is shown to somebody else each time", () => {
    const seeds = Array.from({ length: 20 }, () => {
      const parsed = optionsOf([]);
      if (!parsed.ok) throw new Error(parsed.problem);
      expect(parsed.value).toMatchObject({ only: null, perSecond: 80, pool: 40 });
      return parsed.value.seed;
    });
    expect(new Set(seeds).size).toBeGreaterThan(1);
  });

  it("what is given is taken", () => {
    expect(optionsOf(["--only=mended", "--seed=7", "--pool=4", "--shoppers=20"])).toEqual({
      ok: true,
      value: { only: "mended", seed: 7, pool: 4, perSecond: 20 },
    });
  });

  it.each([
    ["--only=everything", "--only"],
    ["--pool=0", "--pool"],
    ["--seed=x", "--seed"],
    ["--shoppers=1.5", "--shoppers"],
    ["--fast", "--fast"],
  ])("%s is refused, naming the option", (argument, option) => {
    expect(optionsOf([argument])).toEqual({ ok: false, problem: expect.stringContaining(option) });
  });
});
