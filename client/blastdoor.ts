/*
 * The browser script, /blastdoor.js. Everything it does may fail, be blocked or never answer: then the page stays as it
 * was written. It needs no inline script or style, so a strict content security policy only has to name its address.
 */

interface Flag {
  key: string;
  variant?: string;
  value?: unknown;
  metadata?: { preview?: boolean };
}
type Flags = Record<string, Flag>;
interface Cache {
  id: string;
  /** The context the flags were asked with, as JSON: for another one neither they nor the stream hold. */
  context?: string;
  etag?: string | null;
  stream?: string | undefined;
  flags?: Flags;
}

declare global {
  interface Window {
    blastdoor: object;
  }
}

const script = document.currentScript as HTMLScriptElement | null;
try {
  if (script?.dataset.key) start(script, script.dataset.key);
} catch (error) {
  console.warn("blastdoor", error);
}

function start(script: HTMLScriptElement, key: string): void {
  const { origin } = new URL(script.src);
  const listeners: (() => void)[] = [];
  const known = new WeakSet<Element>();
  const uuid = (): string => crypto.randomUUID?.() ?? `${Math.random()}`;
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
  let attributes: { blastdoorContext?: string; userId?: string } = JSON.parse(script.dataset.context || "{}");
  let events: object[] = [];
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
    const response = await fetch(origin + path, init);
    return response.ok ? response.json() : response.status < 500 ? null : Promise.reject();
  };
  /** The key travels in the body, as text: no preflight, and the request outlives the page. */
  const post = async (path: string, body: object) =>
    allowed &&
    request(`/v1/${path}`, { method: "POST", body: JSON.stringify({ key, ...body }), keepalive: true }).catch(() => {});
  const unfollow = () => {
    clearTimeout(timer);
    stream?.close();
    stream = null;
  };
  // Whoever signs in keeps the browser's own id: their variant stays, and they are counted once.
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
    if (preview) setTimeout(flush, 500);
    else
      post("events", {
        batchId: uuid(),
        sentAt: Date.now(),
        signedContext: attributes.blastdoorContext,
        events: events.splice(0),
      });
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
    if (asked === refused) return;
    try {
      const response = await fetch(`${origin}/ofrep/v1/evaluate/flags${told ? `?flagConfigEtag=${told}` : ""}`, {
        method: "POST",
        body: `{"context":${asked}}`,
        headers: {
          "X-API-Key": key,
          "Content-Type": "application/json",
          "If-None-Match": (cache.context === asked && cache.etag) || "",
        },
      });
      if (!allowed) return;
      if (response.status === 400) {
        refused = asked;
        return settle();
      }
      if (response.ok) {
        const answer = await response.json();
        cache = {
          ...cache,
          context: asked,
          etag: response.headers.get("etag"),
          stream: answer.eventStreams?.[0].endpoint.requestUri,
          flags: {},
        };
        for (const flag of answer.flags) (cache.flags as Flags)[flag.key] = flag;
        preview = answer.flags.some(({ metadata }: Flag) => metadata?.preview);
        // What a preview forces would outlive it.
        if (!once.blastdoorPreview) memory("localStorage", cache);
        unfollow();
      }
      apply();
      for (const listener of listeners) listener();
    } catch {}
    settle();
    if (allowed) follow();
  };

  const follow = () => {
    clearTimeout(timer);
    if (stream || document.hidden) return;
    if (!cache.stream) {
      timer = setTimeout(load, 60_000);
      return;
    }
    stream = new EventSource(origin + cache.stream);
    stream.onmessage = ({ data }) => load(/"etag":"(\w+)/.exec(data)?.[1]);
    stream.onerror = () => {
      // Closed for good, as with an outlived token: a full answer brings a new one.
      if (stream?.readyState !== 2) return;
      stream = cache.etag = null;
      timer = setTimeout(load, Math.random() * 30_000);
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

  const door = async (element: HTMLElement, flag: string, on: unknown): Promise<unknown> => {
    if (on && known.has(element)) return;
    element.hidden = true;
    if (!on) return;
    known.add(element);
    const act = (action: string, nonce?: string) => post(`doors/${flag}/${action}`, { context: context(), nonce });
    const open = await act("open");
    // Who cannot be counted is not shown a door to nowhere.
    if (!open) return;
    const say = (words: string): HTMLElement => {
      const note = Object.assign(document.createElement("span"), {
        className: "blastdoor-note",
        tabIndex: -1,
        role: "status",
        textContent: words,
      });
      element.hidden = true;
      element.after(note);
      return note;
    };
    if (open.state === "clicked") return say(open.thanks);
    element.hidden = false;
    element.addEventListener(
      "click",
      (event) => {
        event.stopImmediatePropagation();
        event.preventDefault();
        if (event.isTrusted) act("click", open.nonce);
        say(open.message).focus();
      },
      { capture: true, once: true },
    );
    let view: ReturnType<typeof setInterval>;
    new IntersectionObserver(
      (entries, observer) => {
        clearInterval(view);
        if (!entries.at(-1)?.isIntersecting) return;
        view = setInterval(() => {
          if (document.hidden) return;
          clearInterval(view);
          observer.disconnect();
          act("seen", open.nonce);
        }, 1_000);
      },
      { threshold: 0.5 },
    ).observe(element);
  };

  const begin = () => {
    cache = memory("localStorage") ?? { id: uuid() };
    once = memory("sessionStorage") ?? {};
    preview = once.blastdoorPreview =
      new URL(document.URL).searchParams.get("blastdoorPreview") ?? once.blastdoorPreview;
    memory("sessionStorage", once);
    const id = script.dataset.id;
    // An id of the page's own server: what another one was served does not count.
    if (id && id !== cache.id) cache = { id };
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
    /** Who has signed in, as attributes of the context. That two browsers are one person, only a server can say. */
    identify(id: string, more?: object) {
      // A batch has one signature: what happened before goes with the one of that time, or not at all.
      flush();
      events = [];
      attributes = { ...attributes, ...more, userId: id };
      if (allowed) load();
    },
    /** With data-consent="required": nothing is stored or sent before consent(true); consent(false) forgets. */
    consent(given: boolean) {
      if (given === allowed) return;
      allowed = given;
      if (given) return begin();
      events = [];
      unfollow();
      memory("localStorage", null);
      memory("sessionStorage", null);
    },
    /** Asks a person (Wizard of Oz) and waits for the answer; undefined: not for this visitor. The same id asks once. */
    async ask(flag: string, input: unknown, id: string = uuid()) {
      let view = await post(`ask/${flag}`, { context: context(), id, input });
      const poll = view?.poll;
      while (view?.status === "waiting")
        view = await request(poll).catch(() => new Promise((resolve) => setTimeout(resolve, 2_000, view)));
      return view?.answer;
    },
  };
  if (allowed) begin();
}

export {};
