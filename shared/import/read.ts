import type { ZodError } from "zod";
import { checked } from "./checked.ts";
import { formatOf, type Vendor } from "./formats.ts";
import type { TranslateOptions, Translation } from "./model.ts";

/** Why a file cannot be read, and where. */
export interface UnreadableFile {
  readonly path: string;
  readonly message: string;
}

export type ReadFile = { ok: true; translation: Translation } | { ok: false; issues: readonly UnreadableFile[] };

/** More issues of one file help nobody. */
const ISSUES = 50;

/** Translates a vendor's file that has been parsed already. */
export async function translateFile(vendor: Vendor, document: unknown, options: TranslateOptions): Promise<ReadFile> {
  const format = await formatOf(vendor);
  const parsed = format.schema.safeParse(document);
  if (!parsed.success) return { ok: false, issues: issuesOf(parsed.error) };
  return { ok: true, translation: checked(format.translate(parsed.data, options)) };
}

const issuesOf = (error: ZodError): UnreadableFile[] =>
  error.issues.slice(0, ISSUES).map(({ path, message }) => ({ path: path.map(String).join("."), message }));
