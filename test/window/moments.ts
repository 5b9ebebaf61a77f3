/** Every canned state is as of this moment; the pages that draw them have their clock set to it. */
export const now = Date.UTC(2026, 10, 23, 10, 15, 0)
export const seconds = (many: number) => many * 1000
export const minutes = (many: number) => many * 60_000
export const hours = (many: number) => many * 3_600_000
