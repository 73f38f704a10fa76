/** The least that a Worker can do with such a request: parse it and return bytes that it has. */
export default {
  async fetch(request: Request, env: { ANSWER: string }): Promise<Response> {
    await request.json();
    return new Response(env.ANSWER, { headers: { "Content-Type": "application/json" } });
  },
};
