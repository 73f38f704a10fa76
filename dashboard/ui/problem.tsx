import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { refusalOf } from "../domain/api.ts";
import { issueWords, withoutCalls } from "../domain/words/issue-words.ts";
import { Icon } from "./icon.tsx";
import { markFields } from "./mark-fields.ts";

/** Why something was not done, where it was asked for; fields that are at fault are marked, and lead here. */
export function Problem({ error }: { error: unknown }) {
  const element = useRef<HTMLDivElement>(null);
  const id = useId();
  const { message, detail, errors } = refusalOf(error);
  const issues = errors.map((issue, index) => ({ ...issueWords(issue), id: `${id}-${index}` }));
  useLayoutEffect(() => (element.current ? markFields(element.current, issues) : undefined), [error]);
  const said = withoutCalls(detail);
  return (
    <div class="problem" role="alert" ref={element}>
      <Icon name="alert" />
      <div>
        <strong>{errors.length > 0 && message === "Some fields are not valid" ? "Fix these fields" : message}</strong>
        {said && <p>{said}</p>}
        {issues.length > 0 && (
          <ul>
            {issues.map((issue) => (
              <li key={issue.id} id={issue.id}>
                {issue.label && <b>{issue.label}:</b>} {issue.words}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
