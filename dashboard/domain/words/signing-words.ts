import type { KeySigning } from "../../../shared/schema/signed-context.ts";

/** What a client key takes only when it is signed; undefined: nothing. */
export function signingWords(signing: KeySigning | undefined): string {
  if (signing === undefined) return "Nothing has to be signed";
  if (signing.require === "context") return "The whole context has to be signed";
  return `Has to be signed: ${signing.attributes.join(", ")}`;
}
