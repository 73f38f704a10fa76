/** `window.blastdoor`, as the script `/blastdoor.js` sets it. */
export interface Blastdoor {
  /** Resolves when the first answer has come, or has failed to. */
  readonly ready: Promise<void>;
  /** A flag's value for this visitor, at once: from the last answer, else the fallback. */
  get<T>(flag: string, fallback: T): T;
  /** Calls back each time flags have been read. */
  onChange(listener: () => void): void;
  /** Reports a conversion, or a measure with a value. */
  track(metric: string, value?: number): void;
  /** Who has signed in, with attributes of the context; without an id: signed out. */
  identify(id?: string, attributes?: object): void;
  /** With `consent: "required"` nothing is stored or sent before `consent(true)`; `consent(false)` forgets. */
  consent(given: boolean): void;
  /** Asks a person (Wizard of Oz) and waits for the answer; undefined: this visitor gets none. The same id asks once. */
  ask(flag: string, input: unknown, id?: string): Promise<unknown>;
}

declare global {
  interface Window {
    blastdoor: Blastdoor;
  }
}
