import { describe, expect, test } from 'vitest'
import { WatchReader } from '../../../src/engine/runs/watch.ts'

function watch() {
	const calls: unknown[][] = []
	const hear =
		(name: string) =>
		(...args: unknown[]) =>
			void calls.push([name, ...args])
	const handlers = {
		gpu: hear('gpu'),
		run: hear('run'),
		changed: hear('changed'),
		ended: hear('ended'),
		tick: hear('tick'),
	}
	const reader = new WatchReader(handlers, () => 5000)
	return { calls, reader, take: (text: string) => reader.take(Buffer.from(text)) }
}

const start = '\u001ehawser\u001e\n'
const id = '20261123T101500Z-nt-3f9c'

describe('what a watch prints', () => {
	test('nothing counts before the marker', () => {
		const { calls, take } = watch()
		take(`tick 1\nWelcome ${start}tick 5000\n`)
		expect(calls).toEqual([['tick']])
	})

	test('lines cut anywhere, also within a character', () => {
		const { calls, reader } = watch()
		for (const byte of Buffer.from(`${start}progress ${id} 17 größe 1/2\n`)) reader.take(Buffer.of(byte))
		expect(calls).toEqual([
			[
				'run',
				{
					id,
					logBytes: 17,
					lastLine: 'größe 1/2',
					progress: { fraction: 0.5, text: '1 of 2', leftMs: null },
				},
			],
		])
	})

	test('a reading of the GPU', () => {
		const { calls, take } = watch()
		take(`${start}gpu.begin 1\ngpu.end 127\n`)
		expect(calls).toMatchObject([['gpu', { status: 'absent', at: 5000, problem: { code: 'gpu-no-tool' } }]])
	})

	test('an end comes with its run', () => {
		const { calls, take } = watch()
		take(`${start}run.begin ${id}\nrun.project nt\nrun.runner tmux\nrun.started 1\n`)
		take(`run.how exited\nrun.code 0\nrun.ended 2\nrun.end 0\nend ${id}\nend ${id}\n`)
		expect(calls).toMatchObject([['ended', id, { id, outcome: { status: 'succeeded' } }]])
	})

	test('what it holds of the GPUs', () => {
		const { calls, reader, take } = watch()
		take(`${start}spent ${id} 125 18000\nspent ../x 1 2\nspent ${id} much\n`)
		expect(calls).toEqual([['run', { id, gpu: { seconds: 125, peakMemoryMiB: 18_000 } }]])
		expect(reader.skipped).toBe(2)
	})

	test('a run that waits, and then waits no more, is told without an end', () => {
		const { calls, take } = watch()
		const record = `run.begin ${id}\nrun.project nt\nrun.runner slurm\nrun.job 17\nrun.started 1000\n`
		take(`${start}${record}run.queue-reason Resources\nrun.queue-starts 9000\nrun.end 0\n`)
		take(`${record}run.began 8000\nrun.end 0\n`)
		expect(calls).toMatchObject([
			[
				'changed',
				{
					id,
					job: '17',
					queue: { reason: expect.stringContaining('Resources'), startsAt: 9000 },
					startedAt: 1000,
				},
			],
			['changed', { id, queue: null, startedAt: 8000, outcome: { status: 'running' } }],
		])
	})

	test('garbage is skipped and counted', () => {
		const { calls, reader, take } = watch()
		take(
			`${start}Broken pipe\nprogress ../x 1 a\nprogress ${id}\nend nobody\ngpu.device 0\n\nrun.begin x\nrun.end 0\n`,
		)
		expect(calls).toEqual([])
		expect(reader.skipped).toBe(7)
	})
})
