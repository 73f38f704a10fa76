/** Lets everything run that waits for this object, before the next slice of long work. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
