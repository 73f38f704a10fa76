/** A snapshot has conditions of other vendors, and what they need is not loaded. Load it and compile again. */
export class DialectsMissing extends Error {}
