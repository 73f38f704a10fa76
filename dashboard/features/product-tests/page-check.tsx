import type { TestResults } from "../../../shared/schema/test-results.ts";
import { ago } from "../../domain/words/time-words.ts";
import { Icon } from "../../ui/icon.tsx";

/** Whether a page with the snippet was opened. Looks again by itself while the page of the test is open. */
export function PageCheck({ pages }: { pages: TestResults["pages"] }) {
  const [latest, ...others] = pages;
  if (!latest)
    return (
      <p class="page-check tone-off" role="status">
        <span class="spinner" />
        <span>Waiting for your page: open it once, with the snippet in it.</span>
      </p>
    );
  return (
    <p class="page-check tone-on" role="status">
      <Icon name="check" size={20} />
      <span>
        <strong>We have seen your page</strong>
        {` on ${latest.origin}, ${ago(latest.at)}`}
        {others.length > 0 && `, and on ${others.length === 1 ? others[0]?.origin : `${others.length} others`}`}.
      </span>
    </p>
  );
}
