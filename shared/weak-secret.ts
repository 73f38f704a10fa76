/** A secret that is sent over the Internet: 32 characters of random hex hold 128 bits, other texts more. */
export const SECRET_MIN_CHARS = 32;
/** As many as a request's token may have. */
export const SECRET_MAX_CHARS = 256;
/** Of 32 random hex digits, fewer than eight differ only once in 27 million times. */
const DISTINCT_CHARS = 8;
/** What stands in examples, and in place of a secret that was to be set. */
const PLACEHOLDERS =
  /change[-_ ]?(me|it|this)|replace[-_ ]?(me|this)|place[-_ ]?holder|example|your[-_ ]|insert|in-worker-tests|secret|passwor[dt]|letmein|qwerty?|0?123456789?0?|abcdefg?h?|(admin|metrics|break[-_ ]?glass)[-_ ]?token|token|xxxx+|\.\.\.+/gi;

/** How every value of `.dev.vars.example` begins. Those are public, so a Worker takes them for no secret at all. */
const EXAMPLE_PREFIX = "example-";
export const isExampleSecret = (secret: string): boolean => secret.startsWith(EXAMPLE_PREFIX);

/** Why a text is no secret to open an installation with; null for one that will do. */
export function secretWeakness(secret: string): string | null {
  if (!/^[\x21-\x7e]*$/.test(secret)) return "it holds spaces, or characters that no header carries";
  if (secret.length > SECRET_MAX_CHARS)
    return `it has ${secret.length} characters, and at most ${SECRET_MAX_CHARS} fit`;
  if (secret.length < SECRET_MIN_CHARS) return `it has ${secret.length} characters, and needs ${SECRET_MIN_CHARS}`;
  if (new Set(secret).size < DISTINCT_CHARS || /^(?:bd[a-z]_)?(.{1,16}?)\1+$/.test(secret)) return "it repeats itself";
  return secret.replace(PLACEHOLDERS, "").length < SECRET_MIN_CHARS / 2
    ? "it looks like a placeholder or an example"
    : null;
}
