import type { Findings, Watch } from "./guard-book.ts";

/** Findings that only show newer numbers are written at most so often (ms). */
const WRITE_MS = 30_000;

/**
 * The findings of the latest look, in memory. Counts move with each look, so writing them each time would cost a row a
 * look; what decides anything is written at once.
 */
export class LatestFindings {
  readonly #latest = new Map<string, Findings>();
  readonly #written = new Map<string, { at: number; decided: string; shown: string }>();
  /** Series whose findings show other numbers than the look before found. */
  readonly #moved = new Set<string>();

  /** Whether the watch has to be written down now. */
  isDue(watch: Watch, now: number): boolean {
    const { series, memory, findings, breach, acted, advanceAt } = watch;
    const shown = numbersOf(findings);
    if (numbersOf(this.#latest.get(series) ?? null) === shown) this.#moved.delete(series);
    else this.#moved.add(series);
    if (findings) this.#latest.set(series, findings);
    const healths = findings?.tiles.map(({ health }) => health);
    const decided = JSON.stringify([memory, findings?.state, healths, breach, acted, advanceAt]);
    const written = this.#written.get(series);
    if (written?.decided === decided) {
      const isRecent = now >= written.at && now - written.at < WRITE_MS;
      if (isRecent || written.shown === shown) return false;
    }
    this.#written.set(series, { at: now, decided, shown });
    return true;
  }

  /** Whether a chart gets anything new from the latest look. */
  hasMoved({ series, breach }: Watch): boolean {
    return breach !== null || this.#moved.has(series);
  }

  /** The watch with the findings of the latest look. */
  of(watch: Watch): Watch {
    const latest = this.#latest.get(watch.series);
    return latest && latest.checkedAt >= (watch.findings?.checkedAt ?? 0) ? { ...watch, findings: latest } : watch;
  }

  clear(): void {
    this.#moved.clear();
    this.#latest.clear();
    this.#written.clear();
  }
}

/** All but the time of the look. */
const numbersOf = (findings: Findings | null): string => JSON.stringify(findings && { ...findings, checkedAt: 0 });
