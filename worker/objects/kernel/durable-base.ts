import { createDurable } from "itty-durable";

/**
 * The one place that touches itty-durable. Only its class factory is used, and of that only the shell: its router,
 * persistence and property access would keep half-done changes, lose error codes and expose `destroy`, so `fetch`
 * is replaced by an allow-list of methods, called by POST with a JSON body and answered with JSON. Storage is
 * SQLite and nothing else; expected errors are values (`Result`), so a status other than 200 means a fault.
 */
const IttyBase = createDurable({ autoPersist: false, autoReturn: false }) as unknown as new (
  state: DurableObjectState,
  env: Record<string, never>,
) => { readonly state: DurableObjectState };

export abstract class DurableBase extends IttyBase {
  /** Names that `fetch` may call; nothing else of the object is reachable. */
  protected abstract readonly methods: ReadonlySet<string>;

  constructor(state: DurableObjectState) {
    // An empty env: itty-durable would copy bindings onto the state, where one called `id` or `storage` breaks it.
    super(state, {});
  }

  /** Whether a call may be answered now; one that may not costs next to nothing. */
  protected admits(_method: string): boolean {
    return true;
  }

  /** Asked again when a call is about to run: of those that were admitted together some may have used everything up. */
  protected begins(_method: string): boolean {
    return true;
  }

  /** Told as soon as a call has run, with the characters that it answers. */
  protected ends(_method: string, _chars: number): void {}

  /** What a caller is told that is not admitted: 503, this object is busy; 429, the caller asks too much of it. */
  protected refusalOf(_method: string): 429 | 503 {
    return 503;
  }

  async fetch(request: Request): Promise<Response> {
    const method = new URL(request.url).pathname.slice(1);
    if (request.method !== "POST" || !this.methods.has(method)) return new Response(null, { status: 404 });
    const refused = () => new Response(null, { status: this.refusalOf(method) });
    if (!this.admits(method)) return refused();
    const parameters = (await request.json()) as unknown[];
    if (!this.begins(method)) return refused();
    const target = (this as unknown as Record<string, (...p: unknown[]) => unknown>)[method];
    const value = target?.call(this, ...parameters);
    // Nothing else runs between a read's beginning and its end.
    const text = JSON.stringify((value instanceof Promise ? await value : value) ?? null);
    this.ends(method, text.length);
    return new Response(text, { headers: { "Content-Type": "application/json" } });
  }
}
