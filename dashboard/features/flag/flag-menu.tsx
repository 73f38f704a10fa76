import { useSignal } from "@preact/signals";
import { useLocation } from "preact-iso";
import type { FlagState } from "../../../shared/schema/flag.ts";
import { api, type Environment, type FlagView, ifMatch } from "../../domain/api.ts";
import { withQuery } from "../../domain/filters.ts";
import { hideFlag, project } from "../../domain/project.ts";
import { mayChange } from "../../domain/session.ts";
import { edit, editing, load } from "../../editors/documents.ts";
import { undoingLatest } from "../../editors/undo.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { DialogActions } from "../../ui/dialog-actions.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { complain, tell } from "../../ui/toasts.tsx";

interface FlagMenuProps {
  flag: FlagView;
  here: Environment;
  locked: boolean;
  kill: () => void;
}

export function FlagMenu({ flag, here, locked, kill }: FlagMenuProps) {
  const archiving = useSignal(false);
  const others =
    project.value?.environments.filter(({ key }) => key !== here.key && mayChange(flag.purpose, key)) ?? [];
  const { url, route } = useLocation();
  const projectKey = project.value?.key ?? "";
  /** The state arrives there as unsaved changes, so it is reviewed as a diff like any other edit. */
  const promote = async (to: Environment) => {
    const source = { project: projectKey, flag: flag.key, environment: here.key };
    const place = { project: projectKey, flag: flag.key, environment: to.key };
    try {
      // Quick hands are here before the state is.
      if (!editing(source)) await load(source);
      await load(place);
      const from = editing<FlagState>(source);
      if (from) edit<FlagState>(place, () => structuredClone(from.value));
      route(withQuery(url, { env: to.key, tab: "" }));
      tell(`Copied from ${here.name} to ${to.name}`, "Nothing is saved yet: review the changes below.");
    } catch (error) {
      complain(`Nothing was copied to ${to.name}`, error);
    }
  };
  return (
    <div class="flag-menu">
      {others.length > 0 && (
        <select
          aria-label={`Copy the state of ${here.name} to`}
          value=""
          onChange={(event) => {
            const to = others.find(({ key }) => key === event.currentTarget.value);
            event.currentTarget.value = "";
            if (to) void promote(to);
          }}
        >
          <option value="">{`Copy ${here.name} to…`}</option>
          {others.map(({ key, name }) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </select>
      )}
      <a class="button" href={`/p/${projectKey}/history?flag=${encodeURIComponent(flag.key)}`}>
        History
      </a>
      {mayChange(flag.purpose) && (
        <button
          type="button"
          class="button"
          onClick={() => {
            archiving.value = true;
          }}
        >
          Archive…
        </button>
      )}
      {!locked && (
        <button type="button" class="button button-kill" onClick={kill}>
          <Icon name="stop" /> Kill… <kbd>k</kbd>
        </button>
      )}
      {archiving.value && (
        <ArchiveDialog
          flag={flag}
          close={() => {
            archiving.value = false;
          }}
        />
      )}
    </div>
  );
}

function ArchiveDialog({ flag, close }: { flag: FlagView; close: () => void }) {
  const problem = useSignal<unknown>(null);
  const { route } = useLocation();
  const archive = async () => {
    const param = { project: project.value?.key ?? "", flag: flag.key };
    try {
      await api.projects[":project"].flags[":flag"].$delete({ param, header: ifMatch(flag.version) });
      close();
      hideFlag(flag.key);
      route(`/p/${param.project}/flags`);
      tell(`${flag.key} is archived`, undefined, await undoingLatest(param.project, flag.key));
    } catch (error) {
      problem.value = error;
    }
  };
  return (
    <Dialog title={`Archive ${flag.key}?`} onClose={close} onSubmit={archive}>
      <p>
        Apps that still ask for it get the default in their code. Its name stays taken, so that old code never meets a
        new meaning. The history can bring it back.
      </p>
      {problem.value !== null && <Problem error={problem.value} />}
      <DialogActions close={close} first="cancel" kills>
        Archive
      </DialogActions>
    </Dialog>
  );
}
