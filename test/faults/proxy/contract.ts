/** What the proxy can do to one request on its way. Bytes are those of the request, or of its answer, from the first. */
export type Fault =
  /** Both ends are closed in good order once so many bytes have passed. */
  | { readonly kind: 'cut'; readonly direction: Direction; readonly after: number }
  /** The same, but both ends are reset. */
  | { readonly kind: 'reset'; readonly direction: Direction; readonly after: number }
  /** Once so many bytes have passed nothing does any more, either way, until one end closes. */
  | { readonly kind: 'stall'; readonly direction: Direction; readonly after: number }
  /** Each piece passes so much later. */
  | { readonly kind: 'delay'; readonly direction: Direction; readonly milliseconds: number }
  /** Bytes pass at this pace. */
  | { readonly kind: 'throttle'; readonly direction: Direction; readonly bytesPerSecond: number }
  /** The first frame of the answer begins with other bytes. */
  | { readonly kind: 'garble' }
  /** The whole request is sent once more on a connection of its own, whose answer nobody reads. */
  | { readonly kind: 'duplicate' };

export type Direction = 'request' | 'answer';
