import { bytesOfBase64Url, textOfUtf8 } from "../base64.ts";

/*
 * Opens what earlier versions sealed: webhook addresses, which are stored for years, and preview links, which last
 * seven days. AES-256-GCM with the nonce in front. Nothing is sealed like this any more.
 */

const NONCE_BYTES = 12;

/**
 * The text as it was sealed; null when it was altered, spelt in another way or sealed with another secret.
 *
 * @param secret 256 bits in hex
 */
export async function openAesGcm(secret: string, sealed: string): Promise<string | null> {
  const bytes = bytesOfBase64Url(sealed);
  if (bytes === null) return null;
  try {
    const key = await crypto.subtle.importKey("raw", Uint8Array.fromHex(secret), "AES-GCM", false, ["decrypt"]);
    const iv = bytes.subarray(0, NONCE_BYTES);
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, bytes.subarray(NONCE_BYTES));
    return textOfUtf8(new Uint8Array(opened));
  } catch {
    return null;
  }
}
