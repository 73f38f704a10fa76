import { Lazily } from "../ui/lazily.tsx";
import type { ReachNoteProps } from "./reach-note.tsx";

const load = () => import("./reach-note.tsx").then(({ ReachNote }) => ReachNote);

/** For dialogs of the first visit: its code, which knows edits and conditions, comes when somebody asks. */
export const LaterReachNote = (props: ReachNoteProps) => <Lazily load={load} props={props} />;
