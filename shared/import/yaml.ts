/** A text that is no YAML, or YAML that only attackers write. */
export class UnreadableYaml extends Error {}

/** Aliases are copies: a few of them one in another make gigabytes of a kilobyte. */
const ALIASES = 100;

/** Parses YAML as plain JSON values. The parser is loaded here, so that nothing else pays for it. */
export async function parseYaml(text: string): Promise<unknown> {
  const { parseDocument } = await import("yaml");
  try {
    const document = parseDocument(text, { schema: "core", merge: true, uniqueKeys: true, logLevel: "silent" });
    const [error] = document.errors;
    if (error) throw new UnreadableYaml(error.message);
    const value: unknown = document.toJS({ maxAliasCount: ALIASES });
    // Aliases may run in circles, which JSON cannot write, and copies must not be shared.
    return value === undefined ? null : JSON.parse(JSON.stringify(value));
  } catch (error) {
    throw new UnreadableYaml(error instanceof Error ? error.message : "the text is no YAML");
  }
}
