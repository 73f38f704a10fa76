/** Bytes as JSON carries them between Worker and store. */
export const toBase64 = (bytes: Uint8Array): string => bytes.toBase64();

/** Throws when the text is not base64. */
export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.fromBase64(text);

const URL_SAFE = { alphabet: "base64url", omitPadding: true } as const;
/** Keeps a byte order mark, which is a character of the text like any other, and throws at what is no UTF-8. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const toBase64Url = (bytes: Uint8Array): string => bytes.toBase64(URL_SAFE);

/**
 * The bytes of unpadded base64url; null unless the text is the very one that `toBase64Url` makes of them. The decoder
 * alone lets white space, padding and stray bits in the last character pass, which gives one token many spellings.
 */
export function bytesOfBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = Uint8Array.fromBase64(text, URL_SAFE);
    return toBase64Url(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

/** The text of UTF-8 bytes; null when they are none. */
export function textOfUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
