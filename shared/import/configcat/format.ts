import { defineFormat } from "../model.ts";
import { schema } from "./schema.ts";
import { translate } from "./translate.ts";

export const format = defineFormat({ vendor: "configcat", name: "ConfigCat", schema, translate });
