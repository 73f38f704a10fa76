import { entryName } from "../../blocks/block.ts";
import type { Part } from "../model/compiled-flag.ts";
import type { Holdout, Layer } from "../model/wiring.ts";

/**
 * Layers and holdouts of a snapshot, which are compiled into the flags that name them. They come before those flags
 * are compiled: parts are met from the last to the first, and in the order of entries flags stand before them.
 */
export class Gates {
  /** What has been asked for since it was last emptied, and what it said. */
  readonly asked = new Map<string, string | undefined>();
  readonly #layers = new Map<string, Layer>();
  readonly #holdouts = new Map<string, Holdout>();

  add({ layers, holdouts }: Pick<Part["wiring"], "layers" | "holdouts">): void {
    for (const [key, layer] of layers) this.#layers.set(key, layer);
    for (const [key, holdout] of holdouts) this.#holdouts.set(key, holdout);
  }

  layer(key: string): Layer | undefined {
    const layer = this.#layers.get(key);
    this.asked.set(entryName("layer", key), said(layer));
    return layer;
  }

  holdout(key: string): Holdout | undefined {
    const holdout = this.#holdouts.get(key);
    this.asked.set(entryName("holdout", key), said(holdout));
    return holdout;
  }

  /** Whether a part would be compiled with the same ones again. */
  fit({ wiring: { gates } }: Part): boolean {
    for (const [name, was] of gates) {
      const key = name.slice(name.indexOf("/") + 1);
      const is = name.startsWith(entryName("layer", "")) ? this.#layers.get(key) : this.#holdouts.get(key);
      if (said(is) !== was) return false;
    }
    return true;
  }
}

const said = (gate: Layer | Holdout | undefined): string | undefined =>
  gate && `${gate.seed.length} ${gate.seed} ${gate.by.length} ${gate.by} ${"share" in gate ? gate.share : ""}`;
