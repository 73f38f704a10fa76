/*
 * Who holds the connections of an isolate that stay open: event streams, products that wait for an answer. Their number
 * is bounded by memory, so each is a slot, and one holder must not keep the others out.
 *
 * - A holder's own bound is fixed: so many for one subject (a person's tabs), a share for one key and a smaller one for
 *   one network under it.
 * - The rest is fair instead of fixed, so that a single busy project may use what nobody else wants. When all slots are
 *   taken, a newcomer gets one from the holder of most: of the projects, of one project's keys, of one key's networks,
 *   of one network's subjects. It gets none where it would then hold as much itself.
 * - Nobody gives way to a network that holds more than their own, over all projects: one sender with a public key of a
 *   small project would otherwise count as much as all people of a large one.
 * - A slot is a lease. Cloudflare may cancel a request where it stands, and then neither `cancel()` nor a `finally` runs;
 *   what is written and read renews it.
 */

/** Three heartbeats (ms): one may be late, two in a row are not. */
export const SLOT_LEASE_MS = 30_000;
/** Tabs of one person, with room for those that reconnect before their old stream is known to be gone. */
const LEAST_PER_SUBJECT = 8;
/** Of an isolate's slots one subject may have this part, where that is more … */
const SUBJECT_SHARE = 1 / 50;
/** … and one key this part: the others find room without anybody having to leave. */
const KEY_SHARE = 3 / 4;
/** Of one key's slots one network may have this part of all. What comes from no known network has no such bound. */
const NETWORK_SHARE = 1 / 4;

/** From the widest to the narrowest. */
export interface SlotHolder {
  readonly project: string;
  readonly key: string;
  /** The sender's network, "" where it is not known. */
  readonly network: string;
  readonly subject: string;
}
const LEVELS = ["project", "key", "network", "subject"] as const;

/** Names hold no line feed: slugs, ids of ours, addresses and hashes. */
const pathsOf = ({ project, key, network, subject }: SlotHolder): string[] => [
  project,
  `${project}\n${key}`,
  `${project}\n${key}\n${network}`,
  `${project}\n${key}\n${network}\n${subject}`,
];

export interface Slot {
  /** Given to somebody else: its holder then ends what the slot was for. Plain state, as requests may share nothing else. */
  readonly lost: boolean;
  /** Called with every sign of life. */
  renew(): void;
  release(): void;
}

interface Held extends SlotHolder {
  readonly paths: readonly string[];
  ends: number;
  lost: boolean;
}

export class StreamSlots {
  readonly #now: () => number;
  /** In the order in which they were last renewed. */
  readonly #held = new Set<Held>();
  /** Slots by each part of a holder's path: a project, a key of it, a network of that, a subject there. */
  readonly #counts = new Map<string, number>();

  /** @param now epoch ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  get count(): number {
    this.#sweep();
    return this.#held.size;
  }

  /** Slots that one project holds. */
  countOf(project: string): number {
    this.#sweep();
    return this.#counts.get(project) ?? 0;
  }

  /** Null: there is no slot for this holder. */
  take(holder: SlotHolder, most: number): Slot | null {
    this.#sweep();
    const paths = pathsOf(holder);
    const [ofProject = 0, ofKey = 0, ofNetwork = 0, ofSubject = 0] = paths.map((path) => this.#counts.get(path) ?? 0);
    if (ofSubject >= Math.max(LEAST_PER_SUBJECT, Math.floor(most * SUBJECT_SHARE))) return null;
    const isKeyFull = ofKey >= Math.ceil(most * KEY_SHARE);
    const mostOfNetwork = Math.max(LEAST_PER_SUBJECT, Math.ceil(most * NETWORK_SHARE));
    const isNetworkFull = holder.network !== "" && ofNetwork >= mostOfNetwork;
    if (isNetworkFull || isKeyFull || this.#held.size >= most) {
      const own = [ofProject, ofKey, ofNetwork, ofSubject];
      // Where the key has its share, one of its own networks or subjects has to give way; a network's, a subject of it.
      const leaves = whoLeavesFor(holder, own, [...this.#held], isNetworkFull ? 3 : isKeyFull ? 2 : 0);
      if (!leaves) return null;
      leaves.lost = true;
      this.#remove(leaves);
    }
    const { project, key, network, subject } = holder;
    const held: Held = { project, key, network, subject, paths, ends: 0, lost: false };
    const renew = () => {
      if (held.lost) return;
      this.#remove(held);
      held.ends = this.#now() + SLOT_LEASE_MS;
      this.#held.add(held);
      for (const path of paths) this.#counts.set(path, (this.#counts.get(path) ?? 0) + 1);
    };
    renew();
    return {
      get lost() {
        return held.lost;
      },
      renew,
      release: () => {
        held.lost = true;
        this.#remove(held);
      },
    };
  }

  #remove(held: Held): void {
    if (!this.#held.delete(held)) return;
    for (const path of held.paths) {
      const left = (this.#counts.get(path) ?? 0) - 1;
      if (left > 0) this.#counts.set(path, left);
      else this.#counts.delete(path);
    }
  }

  #sweep(): void {
    const now = this.#now();
    for (const one of this.#held) {
      // One that ends further away than a lease lasts was renewed before the clock was set back.
      if (one.ends > now && one.ends - now <= SLOT_LEASE_MS) break;
      this.#remove(one);
    }
  }
}

/**
 * Only asked when there is no room, as it looks at every slot.
 *
 * @param own how many slots the newcomer's project, key, network and subject have
 * @param held all slots
 * @param from the widest level at which holders are compared; above it only the newcomer's own are
 */
function whoLeavesFor(holder: SlotHolder, own: readonly number[], held: Held[], from: number): Held | null {
  const mayLeave = yieldsTo(holder.network, held);
  let candidates = held;
  let isOwn = true;
  for (const [depth, level] of LEVELS.entries()) {
    const counts = Map.groupBy(candidates, (one) => one[level]);
    const [largest, count] = [...counts].reduce(
      (most, [name, ones]) => (ones.length > most[1] && ones.some(mayLeave) ? ([name, ones.length] as const) : most),
      ["", 0] as readonly [string, number],
    );
    // Within the newcomer's own branch only a clearly larger one gives way; elsewhere the largest does.
    if (depth >= from && (!isOwn || count > (own[depth] ?? 0) + 1)) isOwn = false;
    const chosen = isOwn ? holder[level] : largest;
    candidates = candidates.filter((one) => one[level] === chosen);
  }
  // The one that was renewed last: those that have been here longest stay.
  return isOwn ? null : (candidates.filter(mayLeave).at(-1) ?? null);
}

/** Whether a holder's network has no fewer slots than the newcomer's, where both are known. */
function yieldsTo(network: string, held: readonly Held[]): (one: Held) => boolean {
  if (network === "") return () => true;
  const counts = new Map<string, number>();
  for (const one of held) counts.set(one.network, (counts.get(one.network) ?? 0) + 1);
  const own = counts.get(network) ?? 0;
  return (one) => one.network === "" || (counts.get(one.network) ?? 0) >= own;
}
