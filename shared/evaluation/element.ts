/** An element of a list as a context: its attributes, and the element itself at the path `/`, the attribute of no name. */
export const elementContext = (element: unknown): object =>
  typeof element === "object" && element !== null && !Array.isArray(element)
    ? { ...element, "": element }
    : { "": element };
