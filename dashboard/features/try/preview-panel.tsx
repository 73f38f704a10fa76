import { useSignal } from "@preact/signals";
import { answer, api } from "../../domain/api.ts";
import type { SectionProps } from "../../domain/section-props.ts";
import { exactly } from "../../domain/words/time-words.ts";
import { Copyable } from "../../ui/copyable.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";

const LIVES = [
  { hours: 1, words: "an hour" },
  { hours: 24, words: "a day" },
  { hours: 168, words: "a week" },
];
const ADDRESS = "blastdoor-preview-address";

/** A link that shows one browser a variant, before anybody else gets it. */
export function PreviewPanel({ project, environment, flag, locked }: SectionProps) {
  const variants = Object.keys(flag.variants);
  const variant = useSignal(variants.find((one) => one !== flag.offVariant) ?? variants[0] ?? "");
  const hours = useSignal(24);
  const address = useSignal(remembered());
  const made = useSignal<{ link: string; until: string } | null>(null);
  const problem = useSignal<unknown>(null);
  if (locked) return null;
  const make = async () => {
    problem.value = null;
    try {
      const page = new URL(address.value);
      const param = { project, environment: environment.key, flag: flag.key };
      const json = { variant: variant.value, hours: hours.value };
      const { token, attribute, expiresAt } = await answer(
        api.projects[":project"].environments[":environment"].flags[":flag"].previews.$post({ param, json }),
      );
      page.searchParams.set(attribute, token);
      made.value = { link: page.href, until: expiresAt };
      remember(address.value);
    } catch (error) {
      problem.value =
        error instanceof TypeError
          ? new Error("The page needs a whole address, such as https://shop.example/cart")
          : error;
    }
  };
  return (
    <details class="card foldable">
      <summary>
        <Icon name="eye" />
        <h2>Preview in one browser</h2>
        <span class="muted">before anybody else sees it</span>
      </summary>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <p class="muted">
          The link shows this variant to anyone who opens it, whatever the rules say, and counts them nowhere. A kill is
          stronger. The site passes the token on: <code>context.blastdoorPreview</code> from the address's parameter of
          that name.
        </p>
        {problem.value !== null && <Problem error={problem.value} />}
        <div class="inline-form">
          <label class="field">
            <span class="label">Variant</span>
            <select
              value={variant.value}
              onChange={(event) => {
                variant.value = event.currentTarget.value;
                made.value = null;
              }}
            >
              {variants.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </label>
          <label class="field field-wide">
            <span class="label">On the page</span>
            <input
              type="url"
              required
              placeholder="https://shop.example/cart"
              value={address.value}
              onInput={(event) => {
                address.value = event.currentTarget.value;
                made.value = null;
              }}
            />
          </label>
          <label class="field">
            <span class="label">For</span>
            <select
              value={hours.value}
              onChange={(event) => {
                hours.value = Number(event.currentTarget.value);
                made.value = null;
              }}
            >
              {LIVES.map(({ hours: one, words }) => (
                <option key={one} value={one} selected={one === hours.value}>
                  {words}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" class="button" disabled={address.value.trim() === ""}>
            Make the link
          </button>
        </div>
        {made.value && (
          <Copyable
            text={made.value.link}
            note={`Works until ${exactly(made.value.until)}; it cannot be taken back.`}
          />
        )}
      </form>
    </details>
  );
}

function remembered(): string {
  try {
    return localStorage.getItem(ADDRESS) ?? "";
  } catch {
    return "";
  }
}

function remember(address: string): void {
  try {
    localStorage.setItem(ADDRESS, address);
  } catch {
    // Storage is forbidden: it is typed again next time.
  }
}
