import { refusalOf } from "../domain/api.ts";
import { Icon } from "./icon.tsx";

/** Why something was not done, where it was asked for. */
export function Problem({ error }: { error: unknown }) {
  const { message, detail, errors } = refusalOf(error);
  return (
    <div class="problem" role="alert">
      <Icon name="alert" />
      <div>
        <strong>{message}</strong>
        {detail && <p>{detail}</p>}
        {errors.length > 0 && (
          <ul>
            {errors.map(({ field, message: words }) => (
              <li key={`${field} ${words}`}>
                {field && <code>{field}</code>} {words}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
