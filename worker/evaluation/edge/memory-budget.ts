/*
 * What snapshots may take of an isolate's memory. All isolates of a project load a change within the same second, so
 * one that is too large for one of them would bring all of them down together.
 */

const MIB = 1024 * 1024;

/** TODO measured */
export const SNAPSHOTS_BYTES = 72 * MIB;
/** TODO measured */
const COMPILED_PER_CHAR = 4;

/** About what a snapshot of so many characters takes once it is compiled; its text stays beside it. */
export const weightOfChars = (chars: number): number => chars * (1 + COMPILED_PER_CHAR);

/** Of one block: a text with anything but Latin letters takes two bytes a character. */
export const weightOfBlock = (text: string): number => weightOfText(text) + text.length * COMPILED_PER_CHAR;

/** Of the text alone. */
export const weightOfText = (text: string): number => (/[^\0-\xff]/.test(text) ? 2 * text.length : text.length);
