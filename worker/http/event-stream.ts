/**
 * Of every answer that is an event stream. A proxy that compresses holds events back until its buffer is full, and
 * `no-transform` forbids it to; nginx buffers less when it is told.
 */
export const EVENT_STREAM_HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store, no-transform",
  "X-Accel-Buffering": "no",
};
