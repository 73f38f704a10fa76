import { schema } from "../flagd/schema.ts";
import { translate } from "../flagd/translate.ts";
import { defineFormat } from "../model.ts";

/** The same file, for those whose flagd still has the older hash of `fractional`, before its weights went beyond 100. */
export const format = defineFormat({
  vendor: "flagd-1",
  name: "flagd with its first hash",
  schema,
  translate: (document) => translate(document, "flagd-murmur3-1"),
});
