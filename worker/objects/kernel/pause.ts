/** Lets everything run that waits for this object, before the next slice of long work. */
export const pause = (): Promise<void> => pauseFor(0);

/** Waits so long (ms). Keeps this object in memory meanwhile, which is billed. */
export const pauseFor = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
