import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { comment, instant, name } from "./primitives.ts";

/** The context attribute that carries a signed context: a compact JWS. Stock OpenFeature providers send it as any other. */
export const SIGNED_CONTEXT_ATTRIBUTE = "blastdoorContext";

/** Attributes that nobody signs: the edge sets the first itself, the others are sealed or signed already. */
const UNSIGNABLE: ReadonlySet<string> = new Set(["edge", "blastdoorPreview", SIGNED_CONTEXT_ATTRIBUTE, "__proto__"]);

/**
 * A name as the context holds it. Conditions reach into an attribute by a path; a path here would protect nothing, since
 * no attribute has that name.
 */
const attributeName = z
  .string()
  .min(1, "must not be empty")
  .max(LIMITS.attributeNameChars)
  .refine(
    (text) => !text.includes(".") && !text.startsWith("/"),
    "name the top-level attribute: address for address.city; what has dots in its own name needs a signed context",
  )
  .refine((text) => !UNSIGNABLE.has(text), "this attribute cannot be signed: the edge sets it itself");

const attributes = z.array(attributeName).min(1, "name at least one attribute").max(LIMITS.signedAttributesPerKey);
/**
 * What a client key takes unsigned. `context`: nothing, the whole context is the signed one. `attributes`: everything
 * but these top-level attributes, which count only when they are signed.
 */
export const keySigning = z
  .discriminatedUnion("require", [
    z.strictObject({ require: z.literal("context") }),
    z.strictObject({ require: z.literal("attributes"), attributes }),
  ])
  .meta({ id: "KeySigning" });
export type KeySigning = z.infer<typeof keySigning>;

/** The same in one object, so that a mistyped field has one place. */
export const keySigningBody = z
  .strictObject({
    require: z.enum(["context", "attributes"]),
    /** With `attributes` only. */
    attributes: attributes.optional(),
    comment: comment.optional(),
  })
  .meta({ id: "KeySigningWrite" });

/** A key that a customer's server signs contexts with. Its secret is derived from the project's and kept nowhere. */
export const signingKey = z.strictObject({ name, createdBy: z.string(), createdAt: instant });
export const signingKeyBody = z.strictObject({ name, comment: comment.optional() }).meta({ id: "SigningKeyWrite" });
export const signingKeyCreated = z
  .object({
    /** The JWS header's `kid`. */
    id: z.string(),
    /** For HS256, as UTF-8 bytes. */
    secret: z.string(),
    /** What the payload's `aud` must say. */
    audience: z.string(),
    attribute: z.literal(SIGNED_CONTEXT_ATTRIBUTE),
  })
  .meta({ id: "SigningKeyCreated" });
export const signingKeyView = z
  .object({ id: z.string(), name: z.string(), createdBy: z.string(), createdAt: z.string() })
  .meta({ id: "SigningKey" });
export type SigningKeyView = z.infer<typeof signingKeyView>;
