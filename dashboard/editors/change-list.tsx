import type { Change } from "../domain/words/change-words.ts";

/** Differences for people: what, from what, to what. */
export function ChangeList({ changes }: { changes: readonly Change[] }) {
  return (
    <ul class="changes">
      {changes.map(({ what, before, after }) => (
        <li key={`${what} ${before} ${after}`}>
          <span class="change-what">{what}</span>
          {(before !== undefined || after !== undefined) && (
            <span class="change-values">
              {before !== undefined && <del>{before}</del>}
              {before !== undefined && after !== undefined && <span aria-hidden="true">→</span>}
              {after !== undefined && <ins>{after}</ins>}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
