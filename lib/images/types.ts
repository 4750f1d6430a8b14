export interface Size {
  width: number;
  height: number;
}

/** A picture as far as its container tells, without what describes it. */
export interface Picture extends Size {
  /** Of all frames of an animation together. */
  framePixels?: number;
  /** The file in pieces, most of them views of the upload. */
  parts: readonly Buffer[];
}
