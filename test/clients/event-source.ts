import { type ClientRequest, get } from "node:http";

/**
 * EventSource as the HTML standard has it, for stock clients in Node: any status but 200 is the end, what breaks is
 * opened again after `retry`, and `Last-Event-ID` says what came last.
 */
export class NodeEventSource extends EventTarget {
  static readonly CLOSED = 2;
  readyState = 0;
  readonly #url: string;
  #request: ClientRequest | undefined;
  #retryMs = 3_000;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastEventId = "";

  constructor(url: string) {
    super();
    this.#url = url;
    this.#open();
  }

  close(): void {
    this.readyState = NodeEventSource.CLOSED;
    clearTimeout(this.#timer);
    this.#request?.destroy();
  }

  #open(): void {
    const id = this.#lastEventId;
    const headers = { Accept: "text/event-stream", ...(id === "" ? {} : { "Last-Event-ID": id }) };
    this.#request = get(this.#url, { headers, agent: false }, (answer) => {
      if (answer.statusCode !== 200 || !answer.headers["content-type"]?.startsWith("text/event-stream")) {
        this.close();
        this.dispatchEvent(new Event("error"));
        return;
      }
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
      let rest = "";
      answer.setEncoding("utf8").on("data", (text: string) => {
        const events = (rest + text).split("\n\n");
        rest = events.pop() ?? "";
        for (const event of events) this.#read(event);
      });
      answer.on("close", () => this.#reopen());
    }).on("error", () => this.#reopen());
  }

  #read(event: string): void {
    const data: string[] = [];
    for (const line of event.split("\n")) {
      const [, field, value = ""] = /^(\w+): ?(.*)$/.exec(line) ?? [];
      if (field === "retry") this.#retryMs = Number(value);
      if (field === "id") this.#lastEventId = value;
      if (field === "data") data.push(value);
    }
    if (data.length > 0) this.dispatchEvent(new MessageEvent("message", { data: data.join("\n") }));
  }

  #reopen(): void {
    // Asked for twice where a request breaks in its answer.
    if (this.readyState === NodeEventSource.CLOSED || this.#timer !== undefined) return;
    this.readyState = 0;
    this.dispatchEvent(new Event("error"));
    // A listener may have closed it.
    if ((this.readyState as number) === NodeEventSource.CLOSED) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#open();
    }, this.#retryMs);
  }
}
