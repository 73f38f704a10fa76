/** The former place of these names: new code takes them from worker/result.ts. */
export * from "../../result.ts";
