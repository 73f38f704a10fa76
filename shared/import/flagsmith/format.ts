import { defineFormat } from "../model.ts";
import { schema } from "./schema.ts";
import { translate } from "./translate.ts";

export const format = defineFormat({
  vendor: "flagsmith",
  name: "Flagsmith",
  schema,
  translate: (document) => translate(document),
});
