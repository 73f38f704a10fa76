import type { Row } from "../../objects/flag-store/entities.ts";
import { stamps } from "../../objects/flag-store/stamps.ts";

export const planTemplateView = (row: Row<"planTemplate">) => ({ key: row.key, ...stamps(row), ...row.body });
