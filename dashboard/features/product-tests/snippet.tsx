import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { TestView } from "../../../shared/schema/test-admin.ts";
import { Icon } from "../../ui/icon.tsx";
import { complain } from "../../ui/toasts.tsx";
import { makeClientKey, rememberClientKey, rememberedClientKey } from "./test-store.ts";

/** What to paste, and where; ready to copy once there is a key for the page. */
export function Snippet({ test, label }: { test: TestView; label: string }) {
  const key = useSignal(rememberedClientKey());
  const make = async () => {
    try {
      key.value = await makeClientKey();
    } catch (error) {
      complain("There is no key for the page", error);
    }
  };
  const script = `<script src="${location.origin}/blastdoor.js" data-key="${key.value || "YOUR CLIENT KEY"}" defer></script>`;
  return (
    <div class="stack">
      <ol class="snippet-steps">
        <li>
          <label class="field">
            <span class="label">The page's client key</span>
            <span class="row snippet-key">
              <input
                class="mono"
                value={key.value}
                placeholder="bdc_…"
                spellcheck={false}
                onInput={(event) => {
                  key.value = event.currentTarget.value.trim();
                  rememberClientKey(key.value);
                }}
              />
              {key.value === "" && (
                <button type="button" class="button" onClick={make}>
                  Make one
                </button>
              )}
            </span>
            <span class="hint">It may be public: it shows a visitor nothing that they are not served.</span>
          </label>
        </li>
        <Code words="Once, into the head of the page" code={script} />
        <MarkupOf test={test} label={label} />
      </ol>
    </div>
  );
}

function MarkupOf({ test, label }: { test: TestView; label: string }) {
  switch (test.settings.kind) {
    case "fake-door":
      return (
        <Code
          words="Where the button is to be. Any button or link will do: the attributes make it a door"
          code={`<button hidden data-fake-door="${test.flag}">${escaped(label)}</button>`}
        />
      );
    case "dark-launch":
      return <Code words="Around what is hidden" code={`<section hidden data-flag="${test.flag}">…</section>`} />;
    case "wizard-of-oz":
      return (
        <>
          <Code words="Around where people ask" code={`<form hidden data-flag="${test.flag}">…</form>`} />
          <Code
            words="In the page's own script"
            code={`const answer = await blastdoor.ask("${test.flag}", { question: "…" });`}
          />
        </>
      );
  }
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function Code({ words, code }: { words: ComponentChildren; code: string }) {
  const copied = useSignal(false);
  return (
    <li class="field">
      <span class="label">{words}</span>
      <span class="snippet-code">
        <code>{code}</code>
        <button
          type="button"
          class="button button-small"
          aria-label={`Copy: ${words}`}
          onClick={() => {
            void navigator.clipboard.writeText(code).then(() => {
              copied.value = true;
            });
          }}
        >
          <Icon name={copied.value ? "check" : "copy"} /> {copied.value ? "Copied" : "Copy"}
        </button>
      </span>
    </li>
  );
}
