import { isExact } from "../attribute.ts";
import type { Addresses, Elements, Extent, Versions } from "../model/elements.ts";
import type { Version } from "../model/version.ts";
import { compareAddresses, isV4, parseAddress } from "./cidr/cidr.ts";
import { instantOf } from "./date/instant.ts";
import { compareVersions, parseVersion, versionText } from "./semver/semver.ts";
import { compareEnds } from "./sorted.ts";

/*
 * The caller chooses how long an array is, and any number of conditions may test it. So its elements are read once
 * for each kind of test, and a condition pays for its own values only: it looks each of them up, or compares it with
 * the least and the greatest element.
 */

/** Each kind is worked out when it is first asked. */
class LazyElements implements Elements {
  readonly #elements: readonly unknown[];
  #scalars: ReadonlySet<unknown> | undefined;
  #kinds: ReadonlySet<string> | undefined;
  #folded: ReadonlySet<unknown> | undefined;
  #texts: ReadonlySet<string> | undefined;
  #byBeginning: readonly string[] | undefined;
  #byEnd: readonly string[] | undefined;
  #numbers: Extent<number> | null | undefined;
  #instants: Extent<number> | null | undefined;
  #versions: Versions | null | undefined;
  #addresses: Addresses | undefined;

  constructor(array: readonly unknown[]) {
    this.#elements = [...array];
  }

  get scalars(): ReadonlySet<unknown> {
    this.#scalars ??= new Set(
      this.#elements.filter(
        (one) => typeof one === "string" || typeof one === "boolean" || (typeof one === "number" && isExact(one)),
      ),
    );
    return this.#scalars;
  }

  get kinds(): ReadonlySet<string> {
    this.#kinds ??= new Set([...this.scalars].map((one) => typeof one));
    return this.#kinds;
  }

  get folded(): ReadonlySet<unknown> {
    this.#folded ??= new Set([...this.scalars].map((one) => (typeof one === "string" ? one.toLowerCase() : one)));
    return this.#folded;
  }

  get texts(): ReadonlySet<string> {
    this.#texts ??= new Set(this.#elements.filter((one) => typeof one === "string"));
    return this.#texts;
  }

  get byBeginning(): readonly string[] {
    this.#byBeginning ??= [...this.texts].sort();
    return this.#byBeginning;
  }

  get byEnd(): readonly string[] {
    this.#byEnd ??= [...this.texts].sort(compareEnds);
    return this.#byEnd;
  }

  get numbers(): Extent<number> | null {
    if (this.#numbers === undefined) this.#numbers = extentOf(this.#elements.filter((one) => typeof one === "number"));
    return this.#numbers;
  }

  get instants(): Extent<number> | null {
    if (this.#instants === undefined) {
      const numbers = this.#elements.filter((one) => typeof one === "number");
      this.#instants = extentOf([...numbers, ...this.texts].map(instantOf));
    }
    return this.#instants;
  }

  get versions(): Versions | null {
    if (this.#versions === undefined) {
      const versions = [...this.texts].map(parseVersion).filter((one) => one !== null);
      this.#versions = versions.length === 0 ? null : versionsOf(versions);
    }
    return this.#versions;
  }

  get addresses(): Addresses {
    if (this.#addresses === undefined) {
      const addresses = [...this.texts].map(parseAddress).filter((one) => one !== null);
      addresses.sort(compareAddresses);
      this.#addresses = { v4: addresses.filter(isV4), v6: addresses.filter((one) => !isV4(one)) };
    }
    return this.#addresses;
  }
}

function extentOf(numbers: readonly number[]): Extent<number> | null {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let any = false;
  for (const number of numbers) {
    if (Number.isNaN(number)) continue;
    any = true;
    if (number < least) least = number;
    if (number > greatest) greatest = number;
  }
  return any ? { least, greatest } : null;
}

function versionsOf(versions: readonly Version[]): Versions {
  let least = versions[0] as Version;
  let greatest = least;
  for (const version of versions) {
    if (compareVersions(version, least) < 0) least = version;
    if (compareVersions(version, greatest) > 0) greatest = version;
  }
  return { least, greatest, texts: new Set(versions.map(versionText)) };
}

/** Of the arrays that the subject prepared last has been asked for; the last array by itself, since most ask again. */
let known = new WeakMap<readonly unknown[], Elements>();
let asked: readonly unknown[] | null = null;
let answer: Elements | null = null;

export function elementsOf(array: readonly unknown[]): Elements {
  if (array === asked && answer !== null) return answer;
  let elements: Elements | undefined = known.get(array);
  if (elements === undefined) {
    elements = new LazyElements(array);
    known.set(array, elements);
  }
  asked = array;
  answer = elements;
  return elements;
}

/** For the next subject: its caller may have changed an array since. */
export function forgetElements(): void {
  if (asked === null) return;
  known = new WeakMap();
  asked = null;
  answer = null;
}
