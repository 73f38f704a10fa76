/** One structured line. Never a token, a key, a context or a body. */
export function log(event: { event: string } & Record<string, string | number | boolean | undefined>): void {
  console.log(JSON.stringify(event));
}
