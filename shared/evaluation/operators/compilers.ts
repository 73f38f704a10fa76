import type { Operator } from "../../schema/condition.ts";
import { compile as cidr } from "./cidr/compile.ts";
import type { OperatorCompiler } from "./compiler.ts";
import { compile as date } from "./date/compile.ts";
import { compile as equality } from "./equality/compile.ts";
import { compile as existence } from "./existence/compile.ts";
import { compile as number } from "./number/compile.ts";
import { compile as ordering } from "./ordering/compile.ts";
import { compile as regex } from "./regex/compile.ts";
import { compile as semver } from "./semver/compile.ts";
import { compile as text } from "./text/compile.ts";

/** What an edge loads of each family of operators. It does not type-check while an operator is missing. */
export const COMPILERS: Readonly<Record<Operator, OperatorCompiler>> = {
  ...cidr,
  ...date,
  ...equality,
  ...existence,
  ...number,
  ...ordering,
  ...regex,
  ...semver,
  ...text,
};
