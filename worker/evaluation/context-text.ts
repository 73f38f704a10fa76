import { LIMITS } from "../../shared/limits.ts";
import { hasProtoName, jsonDepth } from "../http/body.ts";

/** Why a text holds no context that can be evaluated. */
export class ContextFault {
  readonly errorCode: "PARSE_ERROR" | "INVALID_CONTEXT";
  /** What is wrong and how it is put right. */
  readonly fault: string;

  constructor(errorCode: ContextFault["errorCode"], fault: string) {
    this.errorCode = errorCode;
    this.fault = fault;
  }
}

export const isFault = (read: object): read is ContextFault => read instanceof ContextFault;

/** The evaluation context in an evaluation's body, `{"context": {…}}`, or what is wrong with it. */
export function contextIn(text: string): Record<string, unknown> | ContextFault {
  if (jsonDepth(text) > LIMITS.jsonDepth)
    return new ContextFault("INVALID_CONTEXT", `the body nests deeper than ${LIMITS.jsonDepth} levels`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return new ContextFault("PARSE_ERROR", "the body is not valid JSON");
  }
  if (!isObject(body))
    return new ContextFault(
      "INVALID_CONTEXT",
      'the body must be an object such as {"context": {"targetingKey": "u1"}}',
    );
  const context = body.context ?? {};
  if (!isObject(context)) return new ContextFault("INVALID_CONTEXT", "context must be an object");
  // Only these texts can hold the name: as it stands, or with a letter of it escaped.
  if ((text.includes("__proto__") || text.includes("\\u")) && hasProtoName(body))
    return new ContextFault("INVALID_CONTEXT", 'an attribute cannot be called "__proto__"');
  return context;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
