/** Bytes as JSON carries them between Worker and store. */
export const toBase64 = (bytes: Uint8Array): string => bytes.toBase64();

/** Throws when the text is not base64. */
export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.fromBase64(text);
