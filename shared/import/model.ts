import type { z } from "zod";
import type { FlagDefinition, FlagStateInput } from "../schema/flag.ts";
import type { Segment } from "../schema/segment.ts";

/*
 * The shape of a vendor's format: a folder with schema.ts, translate.ts, words.ts and cases.ts, and format.ts, which puts
 * them together. formats.ts lists the folders.
 */

/**
 * `exact`: every context gets what the vendor's SDK gives it. `approximate`: contexts that a reason names may get
 * something else. `refused`: it is not imported.
 */
export type ImportStatus = "exact" | "approximate" | "refused";

/** Where in the vendor's file something stands, such as `features.0.strategies.1`, and what is to be said of it. */
export interface ImportReason {
  readonly path: string;
  readonly message: string;
}

interface Told {
  readonly key: string;
  readonly status: ImportStatus;
  readonly reasons: readonly ImportReason[];
}

export interface TranslatedFlag extends Told {
  /** Left out where it is refused. */
  readonly flag?: FlagDefinition;
  readonly state?: FlagStateInput;
}

export interface TranslatedSegment extends Told {
  /** Left out where it is refused. */
  readonly segment?: Segment;
}

/** Which contexts apps have to send, and so what their conditions ask: as the vendor's OpenFeature provider makes them. */
export interface ContextWords {
  /** The provider whose contexts are meant. */
  readonly provider: string;
  /** What the vendor calls each attribute that we read elsewhere, such as `userId` → `targetingKey`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** What holds for all flags, in sentences. */
  readonly notes: readonly string[];
}

export interface Translation {
  readonly flags: readonly TranslatedFlag[];
  readonly segments: readonly TranslatedSegment[];
  readonly context: ContextWords;
}

export interface TranslateOptions {
  /** The environment that is imported into; formats that hold several environments take the one of this name. */
  readonly environment: string;
}

export interface Format<Document = unknown> {
  /** What `from` names. */
  readonly vendor: string;
  /** What its people call it. */
  readonly name: string;
  /** Takes what the vendor publishes. Fields that it does not know pass, and the translation reports them. */
  readonly schema: z.ZodType<Document>;
  /** Pure. Never throws for a document that passed the schema. */
  readonly translate: (document: Document, options: TranslateOptions) => Translation;
}

export const defineFormat = <Document>(format: Format<Document>): Format => format as unknown as Format;
