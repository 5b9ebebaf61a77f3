import { expect, test } from 'vitest'
import { InotifyEvents } from '../../../src/engine/files/inotify.ts'

/** As inotify(7) has it: names are filled up with NULs. */
function event(watch: number, mask: number, name: Buffer, filled = Math.ceil((name.length + 1) / 16) * 16) {
	const data = Buffer.alloc(16 + (name.length > 0 ? filled : 0))
	data.writeInt32LE(watch, 0)
	data.writeUInt32LE(mask, 4)
	data.writeUInt32LE(data.length - 16, 12)
	name.copy(data, 16)
	return data
}

test('events are the same however they are cut', () => {
	const all = Buffer.concat([
		event(1, 0x100, Buffer.from('a')),
		event(2, 0x4000_0100, Buffer.from('ü\n')),
		event(-1, 0x4000, Buffer.alloc(0)),
		event(3, 0x8000, Buffer.alloc(0)),
		event(4, 0x2, Buffer.concat([Buffer.alloc(254, 'x'), Buffer.of(0xff)])),
		event(5, 0x200, Buffer.from('exactly fifteen'), 16),
	])
	const expected = [
		{ watch: 1, mask: 0x100, name: 'a' },
		{ watch: 2, mask: 0x4000_0100, name: 'Ã¼\n' },
		{ watch: -1, mask: 0x4000, name: '' },
		{ watch: 3, mask: 0x8000, name: '' },
		{ watch: 4, mask: 0x2, name: `${'x'.repeat(254)}\xff` },
		{ watch: 5, mask: 0x200, name: 'exactly fifteen' },
	]
	for (let size = 1; size <= all.length; size++) {
		const events = new InotifyEvents()
		const found = []
		for (let at = 0; at < all.length; at += size) found.push(...events.take(all.subarray(at, at + size)))
		expect(found).toEqual(expected)
	}
})
