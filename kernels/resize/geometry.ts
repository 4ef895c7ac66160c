export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A part of an image, from its upper left corner. */
export interface Crop extends Size {
  readonly left: number;
  readonly top: number;
}

/** The size of an image whose shorter side becomes `edge`, its shape kept; the longer side is rounded down. */
export function fitShorter({ width, height }: Size, edge: number): Size {
  return width <= height
    ? { width: edge, height: Math.floor((edge * height) / width) }
    : { width: Math.floor((edge * width) / height), height: edge };
}

/** The middle of an image; where the rest can't be halved, there is less of it to the left and above. */
export function centreCrop(image: Size, { width, height }: Size): Crop {
  return {
    left: Math.floor((image.width - width) / 2),
    top: Math.floor((image.height - height) / 2),
    width,
    height,
  };
}
