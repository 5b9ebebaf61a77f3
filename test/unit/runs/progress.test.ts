import { describe, expect, test } from 'vitest'
import { parseProgress } from '../../../src/engine/runs/progress.ts'

describe('progress in a last line', () => {
	test.each([
		['31/50', 0.62, '31 of 50'],
		['series 31 / 50 done.', 0.62, '31 of 50'],
		['[7/10] building', 0.7, '7 of 10'],
		['epoch 3 of 10', 0.3, '3 of 10'],
		['Epoch 3/10, batch 20/40', 0.3, '3 of 10'],
		[' 62%|██████▏   | 31/50 [00:10<00:06,  3.10it/s]', 0.62, '31 of 50'],
		['Epoch 3/10:  62%|██████▏   | 31/50 [00:10<00:06]', 0.3, '3 of 10'],
		['42 %', 0.42, '42 %'],
		['downloaded 42.5% of it', 0.425, '42.5 %'],
		['0/50', 0, '0 of 50'],
		['50/50', 1, '50 of 50'],
	])('%s', (line, fraction, text) => {
		expect(parseProgress(line)).toEqual({ fraction: expect.closeTo(fraction, 6), text })
	})

	test.each([
		'',
		'loss 0.31',
		'2026/11/23 10:00 loading',
		'reading /data/3/4',
		'wrote results/31/50.json',
		'0/0',
		'51/50',
		'140 %',
		'version 1/2.5',
		'http://host:80/7',
	])('none in: %s', (line) => {
		expect(parseProgress(line)).toBeNull()
	})
})
