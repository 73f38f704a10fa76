import type { Blastdoor } from "./api.ts";

/** What the script's `data-` attributes say. */
export interface LoadOptions {
  /** Where Blastdoor runs, such as `https://flags.shop.example`. */
  baseUrl: string;
  /** A client key of the environment. */
  key: string;
  /** The visitor's id; left out, the script makes one and keeps it in local storage. */
  id?: string;
  /** Attributes that rules ask for. */
  context?: Readonly<Record<string, unknown>>;
  /** Nothing is stored or sent before `consent(true)`. */
  consent?: "required";
  /** Of the page's content security policy. */
  nonce?: string;
}

let loading: Promise<Blastdoor> | undefined;

/**
 * Puts `/blastdoor.js` into the page and resolves once it runs; await its `ready` for the first values. A page has one
 * such script: a second call resolves with the first one's. Rejects when the script cannot be loaded, after which the
 * next call tries again.
 */
export function loadBlastdoor(options: LoadOptions): Promise<Blastdoor> {
  loading ??= new Promise<Blastdoor>((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${options.baseUrl.replace(/\/+$/, "")}/blastdoor.js`;
    script.async = true;
    if (options.nonce !== undefined) script.nonce = options.nonce;
    script.dataset.key = options.key;
    if (options.id !== undefined) script.dataset.id = options.id;
    if (options.context !== undefined) script.dataset.context = JSON.stringify(options.context);
    if (options.consent !== undefined) script.dataset.consent = options.consent;
    script.onload = () =>
      window.blastdoor
        ? resolve(window.blastdoor)
        : reject(new Error(`${script.src} did not start: is the key right?`));
    script.onerror = () => reject(new Error(`${script.src} could not be loaded`));
    document.head.append(script);
  }).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}
