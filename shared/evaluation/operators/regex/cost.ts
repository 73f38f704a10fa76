/*
 * What a regular expression costs to compile, read from its text alone, since compiling is what costs: a repetition
 * writes its inside out as many times as it may come, so forty characters can become thousands of instructions.
 */

/** What each program begins and ends with. */
const PROGRAM_COST = 5;
/** A Unicode class (`\p{L}`) has hundreds of ranges, which are read and sorted. */
const TABLE_COST = 100;
/** `\w`, `[:alpha:]` and their like have a few. */
const CLASS_COST = 3;
/** Characters of a range that cost as much as an instruction where the case is ignored: each is folded by itself. */
const FOLDED_CHARS = 32;

const FOLDS = /\(\?[a-zA-Z]*i/;
const FLAGS_ONLY = /\(\?[a-zA-Z-]*\)/y;
const GROUP_START = /\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:?))?/y;
const REPEAT = /\{(\d+)(?:(,)(\d*))?\}/y;
const HEX = /\\x\{([\da-fA-F]+)\}/y;
const HEX_PAIR = /\\x([\da-fA-F]{2})/y;
const OCTAL = /\\([0-7]{1,3})/y;
const UNICODE_CLASS = /\\[pP](?:\{[^}]*\}|.)?/suy;

/**
 * At least as many instructions as RE2JS makes of a pattern, plus what reading its classes costs: a unit is about a
 * microsecond of compiling. Linear in the text; for text that is no pattern the number means nothing.
 */
export function regexCost(pattern: string, ignoreCase: boolean): number {
  return new Scanner(pattern, ignoreCase || FOLDS.test(pattern)).cost();
}

interface Group {
  /** Instructions at its ends: where it captures. */
  readonly ends: number;
  /** Instructions of what stands before the last piece, which a repetition does not multiply. */
  size: number;
  /** Instructions of the last piece. */
  last: number;
  /** Whether the present alternative has a piece; an empty one takes an instruction too. */
  begun: boolean;
}

class Scanner {
  readonly #text: string;
  readonly #folds: boolean;
  #at = 0;
  /** Paid once, however often a piece is repeated: copies share what was read. */
  #read = 0;
  readonly #groups: Group[] = [];
  #group: Group = { ends: 0, size: 0, last: 0, begun: false };

  constructor(text: string, folds: boolean) {
    this.#text = text;
    this.#folds = folds;
  }

  cost(): number {
    while (this.#at < this.#text.length) this.#piece();
    while (this.#groups.length > 0) this.#close();
    this.#endAlternative();
    return this.#group.size + this.#group.last + this.#read + PROGRAM_COST;
  }

  #piece(): void {
    switch (this.#text[this.#at]) {
      case "\\":
        this.#escape();
        break;
      case "[":
        this.#class();
        this.#push(1);
        break;
      case "(":
        this.#open();
        break;
      case ")":
        this.#at++;
        this.#close();
        break;
      case "|":
        this.#at++;
        this.#endAlternative();
        this.#push(1);
        this.#group.begun = false;
        break;
      case "*":
        this.#at++;
        this.#group.last += 2;
        break;
      case "+":
      case "?":
        this.#at++;
        this.#group.last++;
        break;
      case "{":
        this.#repeat();
        break;
      default:
        this.#character();
        this.#push(1);
    }
  }

  #push(size: number): void {
    this.#group.size += this.#group.last;
    this.#group.last = size;
    this.#group.begun = true;
  }

  #endAlternative(): void {
    if (!this.#group.begun) this.#push(1);
  }

  /** What stands here in such a form, passed; null when nothing does. */
  #take(form: RegExp): RegExpExecArray | null {
    form.lastIndex = this.#at;
    const found = form.exec(this.#text);
    if (found) this.#at += found[0].length;
    return found;
  }

  #open(): void {
    // Flags for what follows are no piece: a repetition after them means the piece before.
    if (this.#take(FLAGS_ONLY)) return;
    const start = (this.#take(GROUP_START) as RegExpExecArray)[0];
    this.#groups.push(this.#group);
    this.#group = { ends: start.endsWith(":") ? 0 : 2, size: 0, last: 0, begun: false };
  }

  #close(): void {
    this.#endAlternative();
    const { ends, size, last } = this.#group;
    const outer = this.#groups.pop();
    if (outer) this.#group = outer;
    this.#push(size + last + ends);
  }

  #repeat(): void {
    const repeat = this.#take(REPEAT);
    if (!repeat) {
      this.#at++;
      this.#push(1);
      return;
    }
    const least = Number(repeat[1]);
    const most = repeat[3] ? Number(repeat[3]) : least;
    const { last } = this.#group;
    // Copies that must come, then optional ones within each other, or a loop.
    const loop = repeat[2] && !repeat[3] ? 2 : 0;
    this.#group.last = Math.max(1, least, most) * last + Math.max(0, most - least) + loop;
  }

  #escape(): void {
    const next = this.#text[this.#at + 1];
    if (next === "Q") {
      const end = this.#text.indexOf("\\E", this.#at);
      const quoted = this.#text.slice(this.#at + 2, end < 0 ? undefined : end);
      this.#at = end < 0 ? this.#text.length : end + 2;
      for (const _ of quoted) this.#push(1);
      return;
    }
    if (!this.#classEscape()) this.#character();
    this.#push(1);
  }

  /** Past `\p{L}` or `\w`, if one stands here. */
  #classEscape(): boolean {
    const next = this.#text[this.#at + 1] ?? "";
    if (next === "p" || next === "P") {
      this.#take(UNICODE_CLASS);
      this.#read += TABLE_COST;
      return true;
    }
    if (!"dDsSwW".includes(next) || next === "") return false;
    this.#at += 2;
    this.#read += CLASS_COST;
    return true;
  }

  /** Past one character, escaped or not; its code point as far as it is told. */
  #character(): number {
    if (this.#text[this.#at] === "\\") {
      const hex = this.#take(HEX) ?? this.#take(HEX_PAIR);
      if (hex) return Number.parseInt(hex[1] as string, 16);
      const octal = this.#take(OCTAL);
      if (octal) return Number.parseInt(octal[1] as string, 8);
      this.#at++;
    }
    const code = this.#text.codePointAt(this.#at) ?? 0;
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  #class(): void {
    this.#at++;
    if (this.#text[this.#at] === "^") this.#at++;
    for (let first = true; this.#at < this.#text.length; first = false) {
      if (this.#text[this.#at] === "]" && !first) {
        this.#at++;
        return;
      }
      if (this.#text.startsWith("[:", this.#at)) {
        const end = this.#text.indexOf(":]", this.#at);
        if (end >= 0) {
          this.#at = end + 2;
          this.#read += CLASS_COST;
          continue;
        }
      }
      if (this.#text[this.#at] === "\\" && this.#classEscape()) continue;
      const low = this.#character();
      if (this.#text[this.#at] !== "-" || this.#text[this.#at + 1] === "]") continue;
      this.#at++;
      const high = this.#character();
      if (this.#folds && high > low) this.#read += Math.ceil((high - low) / FOLDED_CHARS);
    }
  }
}
