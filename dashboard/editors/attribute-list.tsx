import { knownAttributes } from "../domain/usage.ts";

export const ATTRIBUTE_LIST = "attributes";

/** What fields for an attribute suggest; one on a page is enough for all of them. */
export function AttributeList() {
  return (
    <datalist id={ATTRIBUTE_LIST}>
      {[...knownAttributes.value.keys()].map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}
