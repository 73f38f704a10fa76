/** Every family of operators, without what an edge loads (compilers.ts). A family's `rank` orders them. */
export * as cidr from "./cidr/family.ts";
export * as date from "./date/family.ts";
export * as equality from "./equality/family.ts";
export * as existence from "./existence/family.ts";
export * as number from "./number/family.ts";
export * as ordering from "./ordering/family.ts";
export * as regex from "./regex/family.ts";
export * as semver from "./semver/family.ts";
export * as text from "./text/family.ts";
