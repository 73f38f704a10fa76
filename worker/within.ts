const LATE = Symbol("late");

/**
 * Waits for work, but no longer than so long (ms). The work itself goes on: nothing in workerd takes it back. The timer
 * ends with the wait, because a Durable Object with a timer left cannot hibernate.
 *
 * @throws what the work throws within that time
 */
export async function atMost<T>(ms: number, work: Promise<T>): Promise<T | typeof LATE> {
  let timer: number | null = null;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for work for so long (ms); later counts as failed.
 *
 * @throws when the time is up, or what the work throws
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const answer = await atMost(ms, work);
  if (answer === LATE) throw new Error(`no answer within ${ms} ms`);
  return answer as T;
}
