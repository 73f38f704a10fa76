import type { AttributeTest, Condition } from "../../../../shared/schema/condition.ts";
import type { FlagState } from "../../../../shared/schema/flag.ts";
import type { Body, Change } from "../entities.ts";

/** A test of an attribute where it stands in a document. */
export interface PlacedTest {
  readonly field: string;
  readonly test: AttributeTest;
}

/** Every test of an attribute in a state's rules or in a segment's condition. */
export function attributeTestsOf(entity: Change["entity"], body: Change["after"]): PlacedTest[] {
  if (body === null) return [];
  if (entity === "state")
    return (body as FlagState).rules.flatMap(({ when }, index) => testsIn(`rules.${index}.when`, when));
  const { when } = entity === "segment" ? (body as Body<"segment">) : {};
  return when ? testsIn("when", when) : [];
}

function testsIn(field: string, condition: Condition): PlacedTest[] {
  const within = (name: string, children: readonly Condition[]) =>
    children.flatMap((child, index) => testsIn(`${field}.${name}.${index}`, child));
  if ("all" in condition) return within("all", condition.all);
  if ("any" in condition) return within("any", condition.any);
  if ("not" in condition) return testsIn(`${field}.not`, condition.not);
  if ("unless" in condition) return testsIn(`${field}.unless`, condition.unless);
  return "attribute" in condition ? [{ field, test: condition }] : [];
}
