import { describe, expect, test } from 'vitest'
import { Pace, parseProgress } from '../../../src/engine/runs/progress.ts'

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
		expect(parseProgress(line)).toEqual({
			fraction: expect.closeTo(fraction, 6),
			text,
			leftMs: null,
		})
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

describe('a pattern of the project’s own', () => {
	test.each([
		['step 1,200 von 5,000', String.raw`step (?<done>[\d,]+) von (?<all>[\d,]+)`, '1200 of 5000'],
		['### 37.5 pct, 1/2', String.raw`(?<percent>[\d.]+) pct`, '37.5 %'],
		// Where it does not match, the known shapes are looked for.
		['epoch 3 of 10', String.raw`step (?<done>\d+)/(?<all>\d+)`, '3 of 10'],
		['step 9 von 5, 20 %', String.raw`step (?<done>\d+) von (?<all>\d+)`, '20 %'],
		['step x von 5', '(?<done>x) von (?<all>5)', null],
		['without groups 7', String.raw`groups \d+`, null],
		['1/2', '(?<done>[', '1 of 2'],
	])('%s', (line, pattern, text) => {
		expect(parseProgress(line, pattern)?.text ?? null).toBe(text)
	})

	test('one that backtracks for ever costs little, once', () => {
		const line = `${'a'.repeat(390)} 1/2`
		const before = performance.now()
		for (let times = 0; times < 20; times++)
			expect(parseProgress(line, '(?<done>(a+)+)b')?.text).toBe('1 of 2')
		expect(performance.now() - before).toBeLessThan(5000)
	})
})

describe('the time left', () => {
	test('is from what was seen, once that says something', () => {
		const pace = new Pace()
		expect(pace.left('a', 0.1, 0)).toBeNull()
		// Too short to tell.
		expect(pace.left('a', 0.2, 2000)).toBeNull()
		expect(pace.left('a', 0.3, 10_000)).toBe(35_000)
		// It goes on falling while nothing is new, and is not known once that lasts longer than it should.
		expect(pace.left('a', 0.3, 20_000)).toBe(25_000)
		expect(pace.left('a', 0.3, 60_000)).toBeNull()
		expect(pace.left('a', 1, 70_000)).toBe(0)
		expect(pace.left('other', 0.5, 70_000)).toBeNull()
	})

	test('what falls back, or was forgotten, begins anew', () => {
		const pace = new Pace()
		pace.left('a', 0.5, 0)
		expect(pace.left('a', 0.9, 10_000)).toBe(2500)
		expect(pace.left('a', 0.1, 20_000)).toBeNull()
		expect(pace.left('a', 0.2, 30_000)).toBe(80_000)
		pace.forget('a')
		expect(pace.left('a', 0.3, 40_000)).toBeNull()
	})
})
