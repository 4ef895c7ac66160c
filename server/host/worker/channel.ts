import type { FromWorker } from '../messages.ts';

/** The way to the node. When it is cut the process ends, so what can't be sent is not missed. */
export interface Channel {
  /** Throws if the message can't be cloned. */
  send(message: FromWorker): void;
}

export const nodeChannel: Channel = {
  send(message) {
    if (process.connected) process.send!(message, undefined, undefined, () => {});
  },
};
