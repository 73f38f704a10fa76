/*
 * What documents weigh in an isolate, estimated from their JSON before anything is parsed. Each number is what compiled
 * snapshots of that kind were measured to take at least (Node 24, every flag served): from 1 to 10 times their text, so
 * that the length alone says little. Ten thousand flags of five rules are 9 MiB of text, take 30 MB and are taken for 50.
 */

/** Bytes per character: values, names, answers that were encoded once. */
const OF_CHAR = 1.5;
/** Bytes per comma: members of lists, above all. */
const OF_COMMA = 28;
/** Bytes of other parts, each known by what stands behind a quotation mark in the JSON of all its kind. */
const OF_PARTS: Readonly<Record<string, readonly (readonly [part: string, bytes: number])[]>> = {
  o: [
    ['op":', 150],
    ['offVariant":', 400],
  ],
  w: [['when":', 100]],
  c: [['contains"', 650]],
  s: [['starts_with"', 350]],
  m: [['matches"', 1_600]],
};
/** Tests of numbers stand in an index of their own. */
const OF_NUMBERS = 400;
const VALUES = 'values":[';

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
/** The same by character code: nearly every quotation mark is followed by something else. */
const BY_CODE = new Map(Object.entries(OF_PARTS).map(([first, parts]) => [first.charCodeAt(0), parts]));
const V = VALUES.charCodeAt(0);

/** Bytes of what is compiled of these documents, beside the text. One pass: an edge does it between two requests. */
export function compiledWeight(json: string): number {
  let bytes = json.length * OF_CHAR;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === COMMA) bytes += OF_COMMA;
    else if (code === QUOTE) bytes += weightAt(json, at + 1);
  }
  return bytes;
}

function weightAt(json: string, at: number): number {
  const code = json.charCodeAt(at);
  if (code === V) return json.startsWith(VALUES, at) && isNumber(json.charCodeAt(at + VALUES.length)) ? OF_NUMBERS : 0;
  for (const [part, bytes] of BY_CODE.get(code) ?? NONE) if (json.startsWith(part, at)) return bytes;
  return 0;
}

const NONE: readonly (readonly [string, number])[] = [];
const isNumber = (code: number): boolean => isDigit(code) || code === MINUS;

/** Anything but Latin letters makes all characters of a text take two bytes. */
export const isWide = (text: string): boolean => /[^\0-\xff]/.test(text);

const textWeight = (chars: number, wide: boolean): number => (wide ? 2 * chars : chars);

/** Bytes of a block that an edge holds: its text and what is compiled of it. */
export const blockWeight = (text: string): number => textWeight(text.length, isWide(text)) + compiledWeight(text);

/** The same of a block that is known by what its entries add up to. */
export const weightOfSums = ({ chars, wide, weight }: { chars: number; wide: number; weight: number }): number =>
  textWeight(chars, wide > 0) + weight;
