import { useSignal } from "@preact/signals";
import { refusalOf } from "../domain/api.ts";
import { sessionEnded, signIn, staySignedOut, who } from "../domain/session.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Mark } from "../ui/mark.tsx";
import { Problem } from "../ui/problem.tsx";

function useTokenForm(start: unknown = null) {
  const token = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<unknown>(start);
  const submit = async () => {
    if (token.value.trim() === "") return;
    busy.value = true;
    problem.value = null;
    try {
      await signIn({ token: token.value.trim() });
    } catch (error) {
      problem.value = refusalOf(error);
    }
    busy.value = false;
  };
  const fields = (
    <>
      {problem.value !== null && <Problem error={problem.value} />}
      <label class="field">
        <span class="label">Token</span>
        <input
          type="password"
          name="token"
          autoComplete="current-password"
          spellcheck={false}
          data-first
          value={token.value}
          onInput={(event) => {
            token.value = event.currentTarget.value;
          }}
        />
        <span class="hint">The administrator's token is printed at the first start and kept in .dev.vars.</span>
      </label>
      <button type="submit" class="button button-primary" disabled={busy.value || token.value.trim() === ""}>
        {busy.value ? "Signing in…" : "Sign in"}
      </button>
    </>
  );
  return { submit, fields };
}

/** The first page. `problem` says why a sign-in link did not work. */
export function SignInPage({ problem }: { problem: unknown }) {
  const { submit, fields } = useTokenForm(problem);
  return (
    <main class="sign-in">
      <form
        class="card sign-in-card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Mark size={40} />
        <h1>Blastdoor</h1>
        <p class="muted">See what is live, for whom, and stop it when it hurts.</p>
        {fields}
      </form>
    </main>
  );
}

/** Over the page, when a session ends while somebody works: nothing typed beneath it is lost. */
export function SignInAgain() {
  if (!sessionEnded.value) return null;
  return <SignInAgainDialog />;
}

function SignInAgainDialog() {
  const { submit, fields } = useTokenForm();
  return (
    <Dialog title="Your session has ended" onClose={staySignedOut} onSubmit={submit}>
      <p>
        {who.value ? `Sign in again, ${who.value.name}` : "Sign in again"}: what you typed is still here, and what you
        just asked for is then carried out.
      </p>
      {fields}
    </Dialog>
  );
}
