import { silentWords } from "../../shared/guard/words.ts";
import type { SilentEvent } from "../../shared/schema/guard.ts";
import { Icon } from "../ui/icon.tsx";
import { ReportSnippet } from "./report-snippet.tsx";

interface SilentNoteProps {
  silent: SilentEvent;
  /** Exposed users, by arm. */
  exposed: Readonly<Record<string, number>>;
  /** What follows for a release plan. */
  consequence?: string;
}

/** An alarm: people meet the release, and the event that its guard listens for does not arrive. */
export function SilentNote({ silent, exposed, consequence }: SilentNoteProps) {
  const met = Object.values(exposed).reduce((sum, units) => sum + units, 0);
  return (
    <div class="guard-blind" role="alert">
      <Icon name="alert" size={20} />
      <div>
        <strong>Guards see nothing.</strong> {silentWords(silent, met)} {consequence}
        <ReportSnippet event={silent.event} />
      </div>
    </div>
  );
}
