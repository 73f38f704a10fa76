import { useSignal } from "@preact/signals";
import type { InferResponseType } from "hono/client";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { answer, api } from "../../domain/api.ts";
import { may, signOut, who } from "../../domain/session.ts";
import { environmentRoleWords, ROLE_WORDS } from "../../domain/words/flag-words.ts";
import { FAILURE_WORDS, sessionWords } from "../../domain/words/session-words.ts";
import { ago, fromNow } from "../../domain/words/time-words.ts";
import { confirmed } from "../../ui/confirm.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { complain, tell } from "../../ui/toasts.tsx";

type Listed = InferResponseType<typeof api.sessions.$get, 200>;
type Session = Listed["sessions"][number];
type Link = Listed["links"][number];
type Failure = InferResponseType<(typeof api)["sign-in-failures"]["$get"], 200>["failures"][number];

/** Sessions that are listed before somebody asks for all. */
const SHOWN = 10;
/** Networks that are named; the list of the API has the others. */
const NAMED = 5;

/** Who is signed in where, what could still sign somebody in, and what tried to. */
export function SessionSettings() {
  const listed = useSignal<Listed | null>(null);
  const failures = useSignal<Failure[]>([]);
  const problem = useSignal<unknown>(null);
  const shown = useSignal(SHOWN);
  // Only who administers everything sees others; the server decides by itself.
  const isForAll = may("admin") && who.value?.project === undefined;
  const read = async () => {
    const [all, failed] = await Promise.all([
      answer(api.sessions.$get({ query: {} })),
      isForAll ? answer(api["sign-in-failures"].$get()) : null,
    ]);
    listed.value = all;
    failures.value = failed?.failures ?? [];
  };
  useEffect(() => {
    read().catch((error) => {
      problem.value = error;
    });
  }, []);
  const end = async (id: string, question: Parameters<typeof confirmed>[0], done: string) => {
    if (!(await confirmed(question))) return;
    try {
      await api.sessions[":id"].$delete({ param: { id } });
      await read();
      tell(done);
    } catch (error) {
      complain("Nothing was ended", error);
    }
  };
  const endSession = ({ id, who: { name } }: Session) =>
    end(
      id,
      {
        title: `End the session of ${name}?`,
        text: "Its browser is signed out at once, and so is every session that was opened with a sign-in link from it.",
        action: "End session",
      },
      `The session of ${name} has ended`,
    );
  const endLink = ({ id, who: { name } }: Link) =>
    end(
      id,
      {
        title: `Revoke the sign-in link of ${name}?`,
        text: "Nobody can sign in with it any more.",
        action: "Revoke link",
      },
      "The sign-in link is revoked",
    );
  const leave = async () => {
    const isSure = await confirmed({
      title: "Sign out everywhere?",
      text: "All of your own sessions end, this one included, and so do your unused sign-in links.",
      action: "Sign out everywhere",
    });
    if (isSure) await signOut(true).catch((error) => complain("You are still signed in", error));
  };
  return (
    <section class="card stack" aria-labelledby="sessions">
      <div class="section-head">
        <h2 id="sessions">Sessions</h2>
        <button type="button" class="button button-small" onClick={leave}>
          Sign out everywhere
        </button>
      </div>
      <p class="muted">
        {isForAll ? "All signed-in browsers." : "Your signed-in browsers."} A session ends with the token it was opened
        with, and with the session whose link opened it.
      </p>
      <WeakSecrets />
      {problem.value !== null && <Problem error={problem.value} />}
      <ul class="plain-list" aria-busy={listed.value === null && problem.value === null}>
        {listed.value?.sessions.slice(0, shown.value).map((session) => (
          <li key={session.id} data-session={session.id}>
            <Owner {...session}>{session.current && <span class="chip">This browser</span>}</Owner>
            <span class="muted">{sessionWords(session)}</span>
            {session.current ? (
              <button type="button" class="button button-small" onClick={() => leaveHere()}>
                Sign out
              </button>
            ) : (
              <button
                type="button"
                class="button button-small"
                aria-label={`End session of ${session.who.name}`}
                onClick={() => endSession(session)}
              >
                End session
              </button>
            )}
          </li>
        ))}
      </ul>
      {listed.value !== null && listed.value.sessions.length > shown.value && (
        <button
          type="button"
          class="button button-small"
          onClick={() => {
            shown.value = Number.POSITIVE_INFINITY;
          }}
        >
          {`Show all ${listed.value.sessions.length}`}
        </button>
      )}
      {listed.value !== null && (
        <>
          <h3>Unused sign-in links</h3>
          {listed.value.links.length === 0 && <p class="muted">None. A link works once, within an hour.</p>}
          <ul class="plain-list">
            {listed.value.links.map((link) => (
              <li key={link.id}>
                <Owner {...link} />
                <span class="muted">{`Made ${ago(link.createdAt)}, expires ${fromNow(link.expiresAt)}`}</span>
                <button
                  type="button"
                  class="button button-small"
                  aria-label={`Revoke link of ${link.who.name}`}
                  onClick={() => endLink(link)}
                >
                  Revoke link
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {isForAll && listed.value !== null && <Failures failures={failures.value} />}
    </section>
  );
}

const leaveHere = () => signOut().catch((error) => complain("You are still signed in", error));

function Owner({
  who: { name },
  role,
  project,
  environments,
  children,
}: Pick<Session, "who" | "role" | "project" | "environments"> & { children?: ComponentChildren }) {
  return (
    <span>
      <strong>{name}</strong> {name !== ROLE_WORDS[role].name && <span class="chip">{ROLE_WORDS[role].name}</span>}{" "}
      {children}
      {environments && <span class="muted">{` ${environmentRoleWords(environments)}`}</span>}
      {project && <span class="muted">{` only ${project}`}</span>}
    </span>
  );
}

/** Says it where tokens are looked after: an installation that can be guessed at goes on all the same. */
function WeakSecrets() {
  const weak = who.value?.weakSecrets ?? [];
  if (weak.length === 0) return null;
  return (
    <p class="note">
      <Icon name="alert" />
      <span>
        {weak.map(({ name, reason }) => `${name} can be guessed: ${reason}.`).join(" ")} Set another one with{" "}
        <code>{`npx wrangler secret put ${weak[0]?.name}`}</code>.
      </span>
    </p>
  );
}

function Failures({ failures }: { failures: Failure[] }) {
  const total = failures.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <h3>Failed sign-ins</h3>
      {total === 0 ? (
        <p class="muted">None in the last 30 days.</p>
      ) : (
        <>
          <p>{`${new Intl.NumberFormat("en").format(total)} in the last 30 days, the latest ${ago(failures[0]?.lastAt ?? "")}.`}</p>
          <ul class="plain-list">
            {failures.slice(0, NAMED).map(({ kind, network, count, lastAt }) => (
              <li key={`${kind} ${network}`}>
                <span>
                  {FAILURE_WORDS[kind]}{" "}
                  <span class="muted">{network === "other" ? "from other networks" : network}</span>
                </span>
                <span class="muted">{`${new Intl.NumberFormat("en").format(count)} times, last ${ago(lastAt)}`}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
