/*
 * Which regular expressions PostHog's SDKs match themselves: those that its server's engine reads alike. Others are left
 * to the server.
 */

const CLASS = /^\[\^?(?:\\.|[^\]\\])+\]/;
const ESCAPE = /^\\(?:x[\da-fA-F]{2}|[dDsSwWfnrtv]|[\x20-\x2f:;=?@\x5b-\x60\x7b-\x7e])/;
const ESCAPE_IN_CLASS = /\\(?:x[\da-fA-F]{2}|[dDsSwWbBfnrtv]|[\x20-\x2f:;=?@\x5b-\x60\x7b-\x7e])/g;
const REPETITION = /^\{(\d+)(?:,(\d*))?\}/;
/** What nothing can repeat. */
const UNREPEATABLE = ["^", "$", "()"];

export function isPortable(source: string): boolean {
  // Beyond ASCII, engines differ.
  if (/\P{ASCII}/u.test(source)) return false;
  let before = "";
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at);
    const token = tokenOf(rest, before);
    if (token === null) return false;
    before = token === ")" && (before === "(" || before === "()") ? "()" : token.startsWith("(") ? "(" : token;
    at += token.length;
  }
  return true;
}

/** The next part of a pattern; null for one that is not portable. A lone backslash at the end is left to the engine. */
function tokenOf(rest: string, before: string): string | null {
  const [first = ""] = rest;
  if (first === "\\") return rest.length === 1 ? rest : (ESCAPE.exec(rest)?.[0] ?? null);
  if (first === "[") return classOf(rest);
  if (rest.startsWith("(?")) return rest.startsWith("(?:") ? "(?:" : null;
  if (first === "{") {
    const repetition = REPETITION.exec(rest);
    const isUsable = repetition?.slice(1).every((count) => !(Number(count) > 0xffffffff));
    return isUsable && !["", "|", "(", ...UNREPEATABLE].includes(before) && !repeatsTwice(rest, repetition?.[0] ?? "")
      ? (repetition?.[0] ?? null)
      : null;
  }
  if ("*+?".includes(first) && (UNREPEATABLE.includes(before) || repeatsTwice(rest, first))) return null;
  return first;
}

const repeatsTwice = (rest: string, token: string): boolean => /^[+{]/.test(rest.slice(token.length));

function classOf(rest: string): string | null {
  const found = CLASS.exec(rest)?.[0];
  // One that does not end is left to the engine, which refuses it.
  if (found === undefined) return /^\[\^?\]/.test(rest) ? null : rest;
  const inside = found.slice(1, -1).replaceAll(ESCAPE_IN_CLASS, "");
  if (/\\/.test(inside) || inside.includes("[") || /&&|--|~~/.test(inside)) return null;
  try {
    new RegExp(found, "u");
    return found;
  } catch {
    return null;
  }
}
