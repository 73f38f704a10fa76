/**
 * What programs that were written for an earlier OpenAPI document would stumble over in a later one: routes, fields
 * and values that are gone or renamed, requests that are asked for more, answers that promise less. Additions are fine.
 */

type Node = Record<string, unknown>;
type Side = "request" | "answer";

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value);
const node = (value: unknown): Node => (isNode(value) ? value : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const METHODS = ["get", "put", "post", "patch", "delete"];
const text = (value: unknown) => JSON.stringify(value);

export function openapiChanges(before: Node, after: Node): string[] {
  const found: string[] = [];
  const [then, now] = [node(before.paths), node(after.paths)];
  for (const [path, methods] of Object.entries(then)) {
    for (const method of METHODS) {
      const old = node(methods)[method];
      if (!isNode(old)) continue;
      const at = `${method.toUpperCase()} ${path}`;
      const fresh = node(now[path])[method];
      if (!isNode(fresh)) found.push(`${at}: is gone`);
      else found.push(...operationChanges(old, fresh, before, after).map((what) => `${at} ${what}`));
    }
  }
  // Names of components are part of no message, but generated clients are named after them.
  for (const name of Object.keys(node(node(before.components).schemas)))
    if (node(node(after.components).schemas)[name] === undefined) found.push(`component ${name}: is gone`);
  return [...new Set(found)];
}

/** The same for what is stored, or sent to a store by older edges: by name, a JSON Schema each. */
export function schemaChanges(before: Node, after: Node): string[] {
  return Object.entries(before).flatMap(([name, schema]) => {
    const later = after[name];
    if (later === undefined) return [`${name}: is gone`];
    return new Comparison(node(schema), node(later)).schemas(schema, later, "request", name);
  });
}

function operationChanges(old: Node, fresh: Node, before: Node, after: Node): string[] {
  const found: string[] = [];
  const nameOf = (one: Node) => `${one.in} parameter "${one.name}"`;
  const parametersOf = (operation: Node) =>
    new Map(list(operation.parameters).map((one) => [nameOf(node(one)), node(one)]));
  const [then, now] = [parametersOf(old), parametersOf(fresh)];
  for (const [name, parameter] of then) {
    const later = now.get(name);
    if (!later) found.push(`${name}: is gone`);
    else {
      if (later.required === true && parameter.required !== true) found.push(`${name}: is required now`);
      found.push(...new Comparison(before, after).schemas(sayable(parameter.schema), later.schema, "request", name));
    }
  }
  for (const [name, parameter] of now)
    if (!then.has(name) && parameter.required === true) found.push(`${name}: is new and required`);

  const [body, laterBody] = [node(old.requestBody), node(fresh.requestBody)];
  if (laterBody.required === true && body.required !== true) found.push("request body: is required now");
  found.push(...contentChanges(body.content, laterBody.content, "request", "request body", before, after));
  for (const [status, answer] of Object.entries(node(old.responses))) {
    const later = node(fresh.responses)[status];
    if (later === undefined) found.push(`answer ${status}: is gone`);
    else
      found.push(
        ...contentChanges(node(answer).content, node(later).content, "answer", `answer ${status}`, before, after),
      );
  }
  return found;
}

/** Addresses and headers cannot hold null, which a converted number's schema lists all the same. */
function sayable(schema: unknown): unknown {
  const { type, ...rest } = node(schema);
  if (!Array.isArray(type)) return schema;
  return { ...rest, type: type.filter((one) => one !== "null") };
}

function contentChanges(then: unknown, now: unknown, side: Side, at: string, before: Node, after: Node): string[] {
  return Object.entries(node(then)).flatMap(([type, content]) => {
    const later = node(now)[type];
    if (later === undefined) return [`${at}: ${type} is gone`];
    return new Comparison(before, after).schemas(node(content).schema, node(later).schema, side, at);
  });
}

class Comparison {
  readonly #before: Node;
  readonly #after: Node;
  readonly #under = new Set<string>();

  constructor(before: Node, after: Node) {
    this.#before = before;
    this.#after = after;
  }

  schemas(then: unknown, now: unknown, side: Side, at: string): string[] {
    const references = `${node(then).$ref} ${node(now).$ref} ${side}`;
    if (node(then).$ref !== undefined) {
      if (this.#under.has(references)) return [];
      this.#under.add(references);
    }
    const old = resolved(then, this.#before);
    const fresh = resolved(now, this.#after);
    return [
      ...this.#types(old, fresh, side, at),
      ...this.#properties(old, fresh, side, at),
      ...this.#bounds(old, fresh, side, at),
      ...this.#branches(old, fresh, side, at),
      ...(old.items === undefined ? [] : this.schemas(old.items, fresh.items, side, `${at}[]`)),
    ];
  }

  /** A request takes what it took; an answer says nothing that it did not say. */
  #types(old: Node, fresh: Node, side: Side, at: string): string[] {
    const found: string[] = [];
    for (const [what, all] of [
      ["type", (one: Node) => (one.type === undefined ? null : [one.type].flat())],
      [
        "value",
        (one: Node) => (one.enum === undefined ? (one.const === undefined ? null : [one.const]) : list(one.enum)),
      ],
    ] as const) {
      const [then, now] = [all(old), all(fresh)];
      const allows = (values: unknown[] | null, value: unknown) =>
        values === null || values.includes(value) || (value === "integer" && values.includes("number"));
      // Values are words of the product: one that an answer no longer gives may be waited for by a program.
      for (const value of then ?? []) if (!allows(now, value)) found.push(`${at}: the ${what} ${text(value)} is gone`);
      if (then === null && now !== null && side === "request")
        found.push(`${at}: takes only the ${what}s ${text(now)} now`);
      if (side === "answer" && what === "type" && then !== null)
        for (const value of now ?? []) if (!allows(then, value)) found.push(`${at}: may be ${text(value)} now`);
    }
    return found;
  }

  #properties(old: Node, fresh: Node, side: Side, at: string): string[] {
    const found: string[] = [];
    const [then, now] = [node(old.properties), node(fresh.properties)];
    const [needed, needs] = [list(old.required), list(fresh.required)];
    for (const [name, property] of Object.entries(then)) {
      const place = `${at}.${name}`;
      if (!Object.hasOwn(now, name)) {
        // A request that takes any field still takes this one.
        if (side === "answer" || fresh.additionalProperties === false || Object.keys(now).length > 0)
          found.push(`${place}: is gone`);
        continue;
      }
      if (side === "request" && needs.includes(name) && !needed.includes(name)) found.push(`${place}: is required now`);
      if (side === "answer" && needed.includes(name) && !needs.includes(name))
        found.push(`${place}: may be left out now`);
      found.push(...this.schemas(property, now[name], side, place));
    }
    if (side === "request")
      for (const name of needs)
        if (!Object.hasOwn(then, String(name)) && old.type === "object")
          found.push(`${at}.${name}: is new and required`);
    if (
      side === "request" &&
      fresh.additionalProperties === false &&
      old.type === "object" &&
      old.additionalProperties !== false
    )
      found.push(`${at}: takes no other fields now`);
    if (isNode(old.additionalProperties) && isNode(fresh.additionalProperties))
      found.push(...this.schemas(old.additionalProperties, fresh.additionalProperties, side, `${at}.*`));
    return found;
  }

  #bounds(old: Node, fresh: Node, side: Side, at: string): string[] {
    if (side === "answer") return [];
    const found: string[] = [];
    const most = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
    const least = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
    const number = (value: unknown, none: number) => (typeof value === "number" ? value : none);
    for (const name of most) {
      if (number(fresh[name], Number.POSITIVE_INFINITY) < number(old[name], Number.POSITIVE_INFINITY))
        found.push(`${at}: ${name} is ${fresh[name]} now, was ${old[name] ?? "none"}`);
    }
    for (const name of least) {
      if (number(fresh[name], Number.NEGATIVE_INFINITY) > number(old[name], Number.NEGATIVE_INFINITY))
        found.push(`${at}: ${name} is ${fresh[name]} now, was ${old[name] ?? "none"}`);
    }
    for (const name of ["pattern", "format"])
      if (fresh[name] !== undefined && fresh[name] !== old[name])
        found.push(`${at}: ${name} is ${text(fresh[name])} now, was ${text(old[name]) ?? "none"}`);
    return found;
  }

  /** Every old branch of a union must have one among the new that takes it without a change. */
  #branches(old: Node, fresh: Node, side: Side, at: string): string[] {
    return ["anyOf", "oneOf", "allOf"].flatMap((kind) => {
      const branches = list(old[kind]);
      if (branches.length === 0) return [];
      // A union of one kind may have become one of the other kind, or a single schema one of several.
      const later = kind === "allOf" ? list(fresh.allOf) : [...list(fresh.anyOf), ...list(fresh.oneOf)];
      const candidates = later.length > 0 ? later : [fresh];
      return branches.flatMap((branch, index) => {
        const tried = candidates.map((one) =>
          this.#fork().schemas(branch, one, side, `${at}|${nameOf(branch, index)}`),
        );
        const best = tried.sort((a, b) => a.length - b.length)[0];
        return best ?? [];
      });
    });
  }

  #fork(): Comparison {
    const fork = new Comparison(this.#before, this.#after);
    for (const one of this.#under) fork.#under.add(one);
    return fork;
  }
}

/** What a branch of a union is told from others by. */
function nameOf(branch: unknown, index: number): string {
  const { $ref, properties } = node(branch);
  if (typeof $ref === "string") return $ref.split("/").at(-1) as string;
  const named = Object.entries(node(properties)).find(([, one]) => node(one).const !== undefined);
  return named ? `${named[0]}=${node(named[1]).const}` : String(index);
}

function resolved(schema: unknown, document: Node): Node {
  let found = node(schema);
  for (let turns = 0; typeof found.$ref === "string" && turns < 20; turns++) {
    const [, ...path] = found.$ref.split("/");
    found = path.reduce((at: Node, name) => node(at[name.replaceAll("~1", "/").replaceAll("~0", "~")]), document);
  }
  return found;
}
