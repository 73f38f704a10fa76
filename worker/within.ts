/**
 * Waits for work for so long (ms); later counts as failed. The work itself goes on: nothing in workerd takes it back.
 *
 * @throws when the time is up, or what the work throws
 */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = scheduler.wait(ms).then((): never => {
    throw new Error(`no answer within ${ms} ms`);
  });
  return Promise.race([work, late]);
}
