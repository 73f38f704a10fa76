/*
 * The browser script, /blastdoor.js. Everything it does may fail, be blocked or never answer: then the page stays as it
 * was written. It needs no inline script or style, so a strict content security policy only has to name its address.
 */

import type {} from "./api.ts";

interface Flag {
  key: string;
  variant?: string;
  value?: unknown;
  metadata?: { preview?: boolean };
}
type Flags = Record<string, Flag>;
interface Attributes {
  blastdoorContext?: string | undefined;
  userId?: string | undefined;
}
interface Cache {
  id: string;
  /** When (ms) the flags were read. */
  at?: number;
  etag?: string | null;
  stream?: string | undefined;
  flags?: Flags;
}

const script = document.currentScript as HTMLScriptElement | null;
try {
  if (script?.dataset.key) start(script, script.dataset.key);
} catch (error) {
  console.warn(error);
}

function start(script: HTMLScriptElement, key: string): void {
  /** Beside the script: it may be mounted below a path. */
  const at = (path: string) => new URL(path, script.src);
  const page: Attributes = JSON.parse(script.dataset.context || "{}");
  const listeners: (() => void)[] = [];
  const known = new WeakSet<Element>();
  const uuid = (): string => crypto.randomUUID?.() ?? `${Math.random()}`;
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  /** What outlives the page, or its tab alone: read, written, or with null forgotten. */
  const memory = (storage: "localStorage" | "sessionStorage", value?: object | null) => {
    try {
      if (value) window[storage].blastdoor = JSON.stringify(value);
      if (value === null) delete window[storage].blastdoor;
      return JSON.parse(window[storage].blastdoor);
    } catch {
      // Nothing there, or storage is forbidden or full: then nothing outlives the page.
    }
  };

  let allowed = script.dataset.consent !== "required";
  let cache: Cache;
  /** What this tab has told already, and the preview link that it was opened with. */
  let once: Record<string, 1> & { blastdoorPreview?: string };
  let attributes = page;
  let events: object[] = [];
  /** Batches go one after the other: a browser lets 64 KiB at once outlive the page, and refuses more. */
  let sending = Promise.resolve();
  /** Of the latest question for flags: the answer to an earlier one is older, or another user's. */
  let turns = 0;
  /** The context that was refused last, such as one whose signature has expired: asking again is of no use. */
  let refused: string;
  /** Whether a preview is in force, as the server says; before that, the link's token. Anybody can make a link up. */
  let preview: string | boolean | undefined;
  let stream: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout>;
  let settle!: () => void;
  const ready = new Promise<void>((resolve) => {
    settle = resolve;
  });

  /** Null: refused, so asking again is of no use. Throws when asking again may be. */
  const request = async (path: string, init?: RequestInit) => {
    const response = await fetch(at(path), init);
    return response.ok ? response.json() : response.status < 429 ? null : Promise.reject();
  };
  /** The key travels in the body, as text: no preflight, and the request outlives the page. Undefined: not answered. */
  const post = async (path: string, body: object) =>
    allowed &&
    request(`v1/${path}`, { method: "POST", body: JSON.stringify({ key, ...body }), keepalive: true }).catch(() => {});
  const later = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(load, ms);
  };
  /** After a failure: a full answer brings a new stream, too. */
  const again = () => {
    cache.etag = null;
    later(Math.random() * 60_000);
  };
  const unfollow = () => {
    clearTimeout(timer);
    stream?.close();
    stream = null;
  };
  // A user who signs in keeps the browser's own id: the variant stays, and the user is counted once.
  const context = () => ({ ...attributes, blastdoorPreview: once.blastdoorPreview, targetingKey: cache.id });
  const first = (what: string): boolean => {
    if (!allowed || once[what]) return false;
    once[what] = 1;
    memory("sessionStorage", once);
    return allowed;
  };
  const flush = () => {
    // A preview is in no statistic.
    if (preview === true) events = [];
    if (!events[0]) return;
    if (preview) return setTimeout(flush, 500);
    const { blastdoorContext: signedContext } = attributes;
    const batch = events.splice(0, 200);
    sending = sending.then(async () => {
      for (
        let wait = 1_000;
        wait < 99_000 &&
        (await post("events", { batchId: uuid(), sentAt: Date.now(), signedContext, events: batch })) === undefined;
        wait *= 2
      )
        await pause(wait);
    });
    flush();
  };
  const send = (event: object) => {
    if (!allowed) return;
    if (!events[0]) setTimeout(flush, 500);
    events.push({ id: uuid(), time: Date.now(), unit: { targetingKey: cache.id }, ...event });
  };
  const expose = ({ key: flag, variant }: Flag) => {
    if (variant && first(`${flag} ${variant}`)) send({ type: "exposure", flag, variant });
  };

  const load = async (told?: string) => {
    const asked = JSON.stringify(context());
    const turn = ++turns;
    if (asked === refused) return;
    try {
      const response = await fetch(at(`ofrep/v1/evaluate/flags${told ? `?flagConfigEtag=${told}` : ""}`), {
        method: "POST",
        body: `{"context":${asked}}`,
        headers: {
          "X-API-Key": key,
          "Content-Type": "application/json",
          "If-None-Match": cache.etag || "",
        },
      });
      const { status } = response;
      const answer = status !== 304 && (await response.json());
      if (turn !== turns) return;
      if (status === 400) refused = asked;
      else {
        if (answer) {
          // Throws where the answer is none, such as a 503's.
          const flags = Object.fromEntries(answer.flags.map((flag: Flag) => [flag.key, flag]));
          cache = {
            id: cache.id,
            at: Date.now(),
            etag: response.headers.get("etag"),
            stream: answer.eventStreams?.[0].endpoint.requestUri,
            flags,
          };
          preview = answer.flags.some(({ metadata }: Flag) => metadata?.preview);
          // What a preview forces would outlive it.
          if (!once.blastdoorPreview) memory("localStorage", cache);
          unfollow();
        }
        follow();
        apply();
        for (const listener of listeners) listener();
      }
    } catch {
      if (turn === turns) again();
    }
    settle();
  };

  const follow = () => {
    clearTimeout(timer);
    if (stream || document.hidden) return;
    if (!cache.stream) return later(60_000);
    stream = new EventSource(at(cache.stream));
    stream.onmessage = ({ data }) => load(/"etag":"(\w+)/.exec(data)?.[1]);
    stream.onerror = () => {
      // Closed for good, as with an outlived token.
      if (stream?.readyState !== 2) return;
      stream = null;
      again();
    };
  };

  const apply = () => {
    if (!allowed || !cache.flags) return;
    const seen: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement>("[data-flag],[data-fake-door]")) {
      const { flag, fakeDoor } = element.dataset;
      // "key", "!key" or "key=variant".
      const [, not, name, wanted] = /^(!?)([^=]*)=?(.*)/.exec((fakeDoor ?? flag) as string) as unknown as string[] & {
        2: string;
      };
      const served = cache.flags[name];
      if (first(`${name} page`)) seen.push(name);
      const on = wanted ? wanted === served?.variant : served?.value;
      if (fakeDoor) door(element, name, on);
      else {
        element.hidden = !on === !not;
        if (served) expose(served);
      }
    }
    if (seen[0]) post("pages", { flags: seen });
  };

  /** Hides a fake door, and leaves one that is on to the script's second part, which has the same address for policies. */
  const door = (element: HTMLElement, flag: string, on: unknown) => {
    if (on && known.has(element)) return;
    element.hidden = true;
    if (!on) return;
    known.add(element);
    const act = (action: string, nonce?: string) => post(`doors/${flag}/${action}`, { context: context(), nonce });
    import(/* @vite-ignore */ `${at("blastdoor.js?doors")}`).then((part) => part.door(element, act)).catch(() => {});
  };

  const begin = () => {
    // What the page's server has asked already; see first-values.ts.
    const written = document.getElementById("blastdoor-values");
    cache = { ...(written ? JSON.parse(written.textContent as string) : memory("localStorage")) };
    once = { ...memory("sessionStorage") };
    preview = once.blastdoorPreview =
      new URL(document.URL).searchParams.get("blastdoorPreview") ?? once.blastdoorPreview;
    memory("sessionStorage", once);
    const id = script.dataset.id || `${cache.id || uuid()}`;
    // What another id was served does not count, nor what is over an hour old: much may have been killed since.
    if (id !== cache.id || !(Date.now() - (cache.at as number) < 3_600_000)) cache = { id };
    memory("localStorage", cache);
    new MutationObserver(apply).observe(document, { childList: true, subtree: true });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) {
        flush();
        unfollow();
      } else if (allowed) load();
    });
    apply();
    load();
  };

  window.blastdoor = {
    ready,
    /** A flag's value for this visitor, at once: from the last answer, else the fallback. */
    get<T>(flag: string, fallback: T): T {
      const served = (allowed && cache.flags?.[flag]) as Flag | undefined;
      if (served) expose(served);
      return (served?.value as T) ?? fallback;
    },
    /** Calls back whenever flags have been read. */
    onChange: (listener: () => void) => listeners.push(listener),
    /** A conversion, or a measure with a value. */
    track: (metric: string, value?: number) => send({ type: "conversion", metric, value }),
    /** Who has signed in, as attributes of the context; nobody: signed out. That two browsers are one person, only a server can say. */
    identify(id?: string, more?: object) {
      // A batch has one signature: what happened before goes with the one of that time, or not at all.
      flush();
      events = [];
      // Of another user's attributes nothing stays, nor of the page's if they were theirs.
      if (attributes.userId && attributes.userId !== id)
        attributes = page.userId ? {} : { ...page, blastdoorContext: undefined };
      attributes = { ...attributes, ...more, userId: id };
      if (allowed) load();
    },
    /** With data-consent="required": nothing is stored or sent before consent(true); consent(false) forgets. */
    consent(given: boolean) {
      if (given === allowed) return;
      allowed = given;
      if (given) return begin();
      events = [];
      turns++;
      unfollow();
      memory("localStorage", null);
      memory("sessionStorage", null);
    },
    /** Asks a person (Wizard of Oz) and waits for the answer; undefined: not for this visitor. The same id asks once. */
    async ask(flag: string, input: unknown, id: string = uuid()) {
      let view = await post(`ask/${flag}`, { context: context(), id, input });
      const poll = view?.poll;
      while (view?.status === "waiting") view = await request(poll).catch(() => pause(2_000).then(() => view));
      return view?.answer;
    },
  };
  if (allowed) begin();
}
