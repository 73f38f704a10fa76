import type { Steps } from "../../model/search.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../../model/truth.ts";

/** An instruction as RE2JS compiles it. */
export interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
  matchRune(rune: number): boolean;
}

/** Operations by RE2JS's numbers; captures and what does nothing are left out, since only "is there a match" is asked. */
const ALT = 1;
const ALT_MATCH = 2;
const CAPTURE = 3;
const EMPTY_WIDTH = 4;
const MATCH = 6;
const NOP = 7;
const RUNE = 8;
const RUNE1 = 9;
const RUNE_ANY = 10;
const RUNE_ANY_NOT_NL = 11;

/** Conditions of EMPTY_WIDTH, a bit each. */
const BEGIN_LINE = 1;
const END_LINE = 2;
const BEGIN_TEXT = 4;
const END_TEXT = 8;
const WORD_BOUNDARY = 16;
const NO_WORD_BOUNDARY = 32;

const NEWLINE = 10;
const END = -1;
/** Characters whose membership in a class, or as a beginning, is looked up. */
const TABLE = 128;

/**
 * What each text costs beyond its characters: the call, and the first and last place.
 */
const TEXT_STEPS = 16;

/**
 * Runs a compiled pattern over a text by following all its threads at once (Thompson, Pike), without captures. RE2JS
 * has faster ways for most texts, but its lazily built automaton takes up to 8 MB for each pattern and, while it is
 * built, ten times as long for each instruction; this takes a bounded time for each step, and the steps that a text
 * takes are the same whenever it is asked, so they can be counted against a budget.
 */
export class RegexMachine {
  readonly #ops: Uint8Array;
  readonly #outs: Uint16Array;
  readonly #args: Int32Array;
  readonly #classes: readonly CharacterClass[];
  /** By class and ASCII character: whether it is in the class. */
  readonly #tables: Uint8Array;
  readonly #start: number;
  readonly #asksContext: boolean;
  /** Characters that a match inside the text can begin with; null when it can begin anywhere. */
  readonly #firsts: Uint8Array | null;

  constructor(program: readonly Instruction[], start: number) {
    const size = program.length;
    const ops = new Uint8Array(size);
    const outs = new Uint16Array(size);
    const args = new Int32Array(size);
    const classes = new ClassList();
    const skip = (pc: number): number => {
      let at = pc;
      for (let turns = 0; turns < size; turns++) {
        const { op, out } = program[at] as Instruction;
        if (op !== NOP && op !== CAPTURE) break;
        at = out;
      }
      return at;
    };
    program.forEach((instruction, pc) => {
      const { op, out, arg, runes } = instruction;
      ops[pc] = op === ALT_MATCH ? ALT : op;
      outs[pc] = skip(out);
      args[pc] = op === ALT || op === ALT_MATCH ? skip(arg) : arg;
      if (op === RUNE1) args[pc] = runes[0] as number;
      if (op === RUNE) args[pc] = classes.add(instruction);
    });
    this.#ops = ops;
    this.#outs = outs;
    this.#args = args;
    this.#classes = classes.list;
    this.#tables = classes.tables();
    this.#start = skip(start);
    this.#asksContext = ops.includes(EMPTY_WIDTH);
    this.#firsts = this.#beginnings();
    makeRoom(size);
  }

  /** Whether the text holds a match. UNKNOWN when the steps ran out before that was clear. */
  search(text: string, steps: Steps): Truth {
    const ops = this.#ops;
    const outs = this.#outs;
    const args = this.#args;
    const classes = this.#classes;
    const tables = this.#tables;
    const firsts = this.#firsts;
    const { length } = text;
    const { marks, stack } = room;
    let { threads, next } = room;
    let count = 0;
    let left = steps.left - TEXT_STEPS;
    for (let at = 0; ; ) {
      if (count === 0 && firsts !== null && at > 0) {
        const from = at;
        for (; at < length; at++) {
          const code = text.charCodeAt(at);
          if (code >= TABLE || firsts[code] === 1) break;
        }
        left -= at - from;
      }
      const rune = at < length ? (text.codePointAt(at) as number) : END;
      if (at === 0 || rune === END || rune >= TABLE || firsts === null || firsts[rune] === 1)
        threads[count++] = this.#start;
      const context = this.#asksContext ? contextAt(text, at) : 0;
      const generation = nextGeneration();
      let found = 0;
      for (let thread = 0; thread < count; thread++) {
        let depth = 0;
        let pc = threads[thread] as number;
        for (;;) {
          if (marks[pc] !== generation) {
            marks[pc] = generation;
            left--;
            const op = ops[pc] as number;
            if (op === ALT) {
              stack[depth++] = args[pc] as number;
              pc = outs[pc] as number;
              continue;
            }
            if (op === EMPTY_WIDTH) {
              if (((args[pc] as number) & ~context) === 0) {
                pc = outs[pc] as number;
                continue;
              }
            } else if (op === MATCH) {
              steps.left = left;
              return TRUE;
            } else if (
              op === RUNE1
                ? rune === args[pc]
                : rune !== END &&
                  (op === RUNE
                    ? rune < TABLE
                      ? tables[(args[pc] as number) * TABLE + rune] === 1
                      : (classes[args[pc] as number] as CharacterClass).has(rune)
                    : op === RUNE_ANY || (op === RUNE_ANY_NOT_NL && rune !== NEWLINE))
            ) {
              next[found++] = outs[pc] as number;
            }
          }
          if (depth === 0) break;
          pc = stack[--depth] as number;
        }
      }
      left--;
      if (left < 0) {
        steps.left = left;
        return UNKNOWN;
      }
      if (rune === END) {
        steps.left = left;
        return FALSE;
      }
      const done = threads;
      threads = next;
      next = done;
      count = found;
      at += rune > 0xffff ? 2 : 1;
    }
  }

  /** Where between the first character and the end can a match begin? Lines and words are taken to begin anywhere. */
  #beginnings(): Uint8Array | null {
    const firsts = new Uint8Array(TABLE);
    const met = new Set<number>();
    const waiting = [this.#start];
    for (let pc = waiting.pop(); pc !== undefined; pc = waiting.pop()) {
      if (met.has(pc)) continue;
      met.add(pc);
      const op = this.#ops[pc] as number;
      const arg = this.#args[pc] as number;
      const out = this.#outs[pc] as number;
      if (op === MATCH) return null;
      if (op === ALT) waiting.push(out, arg);
      if (op === EMPTY_WIDTH && (arg & (BEGIN_TEXT | END_TEXT)) === 0) waiting.push(out);
      if (op === RUNE1 && arg < TABLE) firsts[arg] = 1;
      if (op === RUNE)
        for (let code = 0; code < TABLE; code++) firsts[code]! |= this.#tables[arg * TABLE + code] as number;
      if (op === RUNE_ANY || op === RUNE_ANY_NOT_NL) firsts.fill(1);
    }
    return firsts;
  }
}

/** A class beyond ASCII. The last answer is kept: its copies ask for one character after each other. */
class CharacterClass {
  readonly #instruction: Instruction;
  #rune = END;
  #held = false;

  constructor(instruction: Instruction) {
    this.#instruction = instruction;
  }

  has(rune: number): boolean {
    if (rune !== this.#rune) {
      this.#held = this.#instruction.matchRune(rune);
      this.#rune = rune;
    }
    return this.#held;
  }
}

/** Copies of a repeated class share its ranges, and so one place here. */
class ClassList {
  readonly list: CharacterClass[] = [];
  readonly #known = new Map<ArrayLike<number>, Map<number, number>>();

  add(instruction: Instruction): number {
    const { runes, arg } = instruction;
    const byFlags = this.#known.get(runes) ?? new Map<number, number>();
    this.#known.set(runes, byFlags);
    let index = byFlags.get(arg);
    if (index === undefined) {
      index = this.list.push(new CharacterClass(instruction)) - 1;
      byFlags.set(arg, index);
    }
    return index;
  }

  tables(): Uint8Array {
    const tables = new Uint8Array(this.list.length * TABLE);
    this.list.forEach((one, index) => {
      for (let code = 0; code < TABLE; code++) tables[index * TABLE + code] = one.has(code) ? 1 : 0;
    });
    return tables;
  }
}

/** Working memory, as large as the largest program needs; a search is never interrupted by another. */
const room = {
  /** By instruction: the place it was last met at. */
  marks: new Int32Array(0),
  threads: new Uint16Array(0),
  next: new Uint16Array(0),
  stack: new Uint16Array(0),
};
let generations = 0;

function makeRoom(size: number): void {
  if (room.marks.length >= size) return;
  room.marks = new Int32Array(size);
  // Each instruction is met once a place, and leaves at most one thread; the start comes on top.
  room.threads = new Uint16Array(size + 1);
  room.next = new Uint16Array(size + 1);
  room.stack = new Uint16Array(size);
}

/** A number that no place has had, in this search or an earlier one. */
function nextGeneration(): number {
  if (generations === 0x7fff_ffff) {
    room.marks.fill(0);
    generations = 0;
  }
  return ++generations;
}

function contextAt(text: string, at: number): number {
  const before = at > 0 ? text.charCodeAt(at - 1) : END;
  const after = at < text.length ? text.charCodeAt(at) : END;
  let context = isWord(before) === isWord(after) ? NO_WORD_BOUNDARY : WORD_BOUNDARY;
  if (before === END) context |= BEGIN_TEXT | BEGIN_LINE;
  if (before === NEWLINE) context |= BEGIN_LINE;
  if (after === END) context |= END_TEXT | END_LINE;
  if (after === NEWLINE) context |= END_LINE;
  return context;
}

function isWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
}
