import { useSignal } from "@preact/signals";
import type { DeskRequest } from "../../../shared/schema/desk.ts";
import type { Json } from "../../../shared/schema/primitives.ts";
import { durationWords } from "./test-words.ts";

interface RequestCardProps {
  request: DeskRequest;
  /** Epoch ms. */
  now: number;
  act: (request: DeskRequest, action: "claim" | "release" | "answer", answer?: string) => Promise<void>;
}

const SOON_MS = 30_000;

/** What somebody asked: to take, to answer, to hand back. */
export function RequestCard({ request, now, act }: RequestCardProps) {
  const { flag, input, status, createdAt, deadline, claimedBy, mine, answer, finishedAt } = request;
  const typed = useSignal("");
  const left = Date.parse(deadline) - now;
  const waiting = status === "waiting";
  const tone = !waiting ? (status === "answered" ? "on" : "off") : left < SOON_MS ? "killed" : mine ? "rules" : "part";
  return (
    <li class={`card stack request tone-${tone}`} data-request={request.id}>
      <div class="row request-head">
        <span class="pill">
          {waiting
            ? claimedBy
              ? mine
                ? "You are answering"
                : `${claimedBy} is answering`
              : "Waiting"
            : status === "answered"
              ? `Answered by ${claimedBy ?? "somebody"}`
              : "Nobody in time"}
        </span>
        <code>{flag}</code>
        <span class="muted request-time">
          {waiting
            ? `asked ${durationWords(Math.max(0, now - Date.parse(createdAt)))} ago, ${durationWords(Math.max(0, left))} left`
            : `after ${durationWords(Date.parse(finishedAt ?? createdAt) - Date.parse(createdAt))}`}
        </span>
      </div>
      <blockquote class="request-input">{inWords(input)}</blockquote>
      {answer !== undefined && <p class="request-answer">{inWords(answer)}</p>}
      {waiting && !claimedBy && (
        <div class="row">
          <button type="button" class="button button-primary" onClick={() => act(request, "claim")}>
            Take it
          </button>
        </div>
      )}
      {waiting && mine && (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (typed.value.trim()) void act(request, "answer", typed.value.trim());
          }}
        >
          <label class="field">
            <span class="label">Your answer</span>
            <textarea
              rows={3}
              value={typed.value}
              onKeyDown={(event) => {
                if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
                event.preventDefault();
                event.currentTarget.form?.requestSubmit();
              }}
              onInput={(event) => {
                typed.value = event.currentTarget.value;
              }}
            />
          </label>
          <div class="row">
            <button type="submit" class="button button-primary" disabled={typed.value.trim() === ""}>
              Send the answer <kbd>Ctrl ↵</kbd>
            </button>
            <button type="button" class="button" onClick={() => act(request, "release")}>
              Release
            </button>
          </div>
        </form>
      )}
    </li>
  );
}

/** Text as text; an object of one text as that text; else as JSON. */
function inWords(value: Json): string {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const [only, ...others] = Object.values(value);
    if (others.length === 0 && typeof only === "string") return only;
  }
  return JSON.stringify(value, null, 2);
}
