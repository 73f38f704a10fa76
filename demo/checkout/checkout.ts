import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionPool } from "./connection-pool.ts";

export interface Order {
  user: string;
  voucher: boolean;
}

export type Pay = (order: Order) => Promise<void>;

/** A payment that its bank refused: happens to some in every version. */
export class Declined extends Error {
  override name = "Declined";
}

const DECLINED_SHARE = 0.005;
const CONNECTION_WAIT_MS = 400;

/** What talking to the bank takes, and that it sometimes fails. */
async function bank(fromMs: number, toMs: number): Promise<void> {
  await sleep(fromMs + Math.random() * (toMs - fromMs));
  if (Math.random() < DECLINED_SHARE) throw new Declined("declined");
}

/** Checkout v1: two pages, and a pool that gets its connections back. */
export function oldCheckout(): Pay {
  const pool = new ConnectionPool(40, CONNECTION_WAIT_MS);
  return async () => {
    const connection = await pool.acquire();
    try {
      await bank(30, 80);
    } finally {
      pool.release(connection);
    }
  };
}

/**
 * Checkout v2: one page. It has the bug that this story is about: an order with a voucher returns early and keeps its
 * connection. A handful of orders go well; under load the pool runs dry and every payment times out.
 */
export function newCheckout(): Pay {
  const pool = new ConnectionPool(4, CONNECTION_WAIT_MS);
  return async (order) => {
    const connection = await pool.acquire();
    if (order.voucher) {
      await bank(20, 60);
      return;
    }
    await bank(20, 60);
    pool.release(connection);
  };
}

/** Checkout v2, mended: whatever happens, the connection goes back; and the pool is as large as v1's unless told. */
export function newCheckoutFixed(connections = 40): Pay {
  const pool = new ConnectionPool(connections, CONNECTION_WAIT_MS);
  return async () => {
    const connection = await pool.acquire();
    try {
      await bank(20, 60);
    } finally {
      pool.release(connection);
    }
  };
}
