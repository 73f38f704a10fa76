import { hkdfKey } from "./hkdf-key.ts";

/** Whose secret: of one key of one environment. */
export interface SigningPlace {
  readonly project: string;
  readonly environment: string;
  /** The project's secret, 256 bits in hex. */
  readonly sealKey: string;
}

/**
 * The secret of a signing key: `bdj_` and 256 bits in hex. Servers sign with its UTF-8 bytes. It is derived, so neither
 * a document nor a snapshot holds it, and edges that know the project's secret need nothing else.
 */
export function signingSecret({ project, environment, sealKey }: SigningPlace, kid: string): string {
  return `bdj_${hkdfKey(sealKey, `signed-context/1/${project}/${environment}/${kid}`).toHex()}`;
}
