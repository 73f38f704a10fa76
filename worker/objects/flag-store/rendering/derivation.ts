import { pause } from "../../kernel/pause.ts";
import type { ProjectTables } from "../project-tables.ts";
import type { Renderer } from "./renderer.ts";

/**
 * Makes what follows from the documents where it is missing: in a store of an earlier version, and after a restore. In
 * slices, each a transaction, so that whatever dies between them goes on where it was.
 */
export class Derivation {
  readonly #tables: ProjectTables;
  readonly #renderer: Renderer;
  readonly #atomically: <T>(work: () => T) => T;

  constructor(tables: ProjectTables, renderer: Renderer, atomically: <T>(work: () => T) => T) {
    this.#tables = tables;
    this.#renderer = renderer;
    this.#atomically = atomically;
  }

  /** Notes what is missing. Costs next to nothing where nothing is. */
  begin(): void {
    this.#renderer.begin();
  }

  /** When to go on (epoch ms, as a list): at once, while anything is missing. */
  due(): number[] {
    const { documents } = this.#tables;
    const isWhole = documents.isIndexed && this.#renderer.isWeighed && this.#renderer.unfinished().length === 0;
    return isWhole ? [] : [0];
  }

  async run(): Promise<void> {
    const { documents } = this.#tables;
    while (!this.#atomically(() => documents.indexSlice())) await pause();
    for (const environment of this.#renderer.unfinished())
      while (!this.#atomically(() => this.#renderer.renderSlice(environment))) await pause();
    while (!this.#atomically(() => this.#renderer.weighSlice())) await pause();
  }
}
