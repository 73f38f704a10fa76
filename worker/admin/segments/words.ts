import type { AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: { segment: "the segment", layer: "the layer", holdout: "the holdout" },
};
