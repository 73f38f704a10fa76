export { EVALUATION_EVENT, type EvaluationAttributes } from "./evaluation-event.ts";
export type { ReportedEvent, SenderOptions } from "./event-sender.ts";
export { EventSender } from "./event-sender.ts";
export { OpenFeatureTelemetry, type Outcome, type TelemetryOptions } from "./openfeature-telemetry.ts";
