import { expect, test } from 'vitest'
import { sizeWords } from '../../src/contract/size-words.ts'

test.each([
	[0, '0 B'],
	[1023, '1023 B'],
	[1024, '1.0 KiB'],
	[18_204, '17.8 KiB'],
	[5_000_000, '4.8 MiB'],
	[39_007_027, '37.2 MiB'],
	[1_610_612_736, '1.5 GiB'],
	[2 ** 51, '2048.0 TiB'],
])('%d is %s', (bytes, words) => expect(sizeWords(bytes)).toBe(words))
