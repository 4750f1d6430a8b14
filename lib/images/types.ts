export interface Size {
  width: number;
  height: number;
}

/** A picture as its container describes it, without metadata. */
export interface Picture extends Size {
  /** The pixels of all frames of an animation together. */
  framePixels?: number;
  /** The file in parts, most of them views of the upload. */
  parts: readonly Buffer[];
}
