/** 8 bits a channel, rows from the top, channels together. */
export interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: number
}

/** The bytes of an image file on their way through a decoder. */
export interface Encoded {
  readonly bytes: Buffer
  /** The image as error messages name it. */
  readonly name: string
  readonly signal: AbortSignal | undefined
  /**
   * To be called with the size in the header, before memory is allocated: waits until there is room for that many pixels.
   * @throws IMAGE_TOO_LARGE, LIMIT_EXCEEDED
   */
  admit(width: number, height: number): Promise<void>
  /** @throws IMAGE_INVALID with the problem */
  fail(problem: string, cause?: unknown): never
}

/** Decodes to gray (1 channel) or RGB (3 channels). */
export type Decoder = (file: Encoded) => Promise<Pixels>
