import { vi } from 'vitest'

/** Loaded before every test file: a condition that is awaited gets time enough on a busy machine, not one second. */

const plain = vi.waitFor.bind(vi)
vi.waitFor = (work, options) =>
	plain(work, typeof options === 'number' ? options : { timeout: 20_000, interval: 20, ...options })
