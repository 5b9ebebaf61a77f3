import { describe, expect, test } from 'vitest'
import { spanWords } from '../../src/contract/run-words.ts'
import { endOf } from '../../src/engine/run-notice.ts'
import { someRun, startedAt } from './states.ts'

const endedAt = startedAt + 38 * 60_000

describe('the notice of a run', () => {
	test.each([
		[
			someRun({ outcome: { status: 'succeeded', endedAt }, metrics: { MASE: 0.812345 } }),
			{ MASE: -0.0142 },
			'nt finished on lab',
			'38 min · MASE 0.8123 (−0.0142)',
		],
		[
			someRun({ outcome: { status: 'failed', endedAt, exitCode: 3 }, lastLine: 'no such file' }),
			null,
			'nt failed with exit code 3 on lab',
			'38 min · no such file',
		],
		[
			someRun({ outcome: { status: 'killed', endedAt, signal: 'KILL', cause: 'signal' }, lastLine: '' }),
			null,
			'nt was killed by KILL on lab',
			'38 min',
		],
		[
			someRun({ outcome: { status: 'lost', endedAt, reason: 'restarted' }, lastLine: '' }),
			null,
			'nt was lost in a restart on lab',
			'38 min',
		],
	])('%#', (run, change, title, body) => {
		const { notice, message } = endOf({ ...run, change }, endedAt)
		expect(notice).toMatchObject({ id: 'run:r1', title, body, run: 'r1' })
		// What a run printed stays on this laptop.
		expect(message).toMatchObject({ id: 'run:r1', title, body: body.replace(' · no such file', '') })
	})

	test.each([
		[0, '0 s'],
		[59_400, '59 s'],
		[60_000, '1 min'],
		[3_600_000, '1 h'],
		[3_660_000, '1 h 1 min'],
		[-5, '0 s'],
	])('%d ms is %s', (ms, text) => {
		expect(spanWords(ms)).toBe(text)
	})
})
