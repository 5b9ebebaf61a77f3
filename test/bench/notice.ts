import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../../src/engine/process/process.ts'
import { startEngine } from '../peers/engine.ts'
import type { Bed } from './bed.ts'
import { ms, quantile, type Row } from './row.ts'

const runs = 40
/** The plain ways take seconds each. */
const plainRounds = 10
const pollMs = 5000
const apartMs = 1500
/** From the exit on, at the 95th percentile; the line takes 15 ms of it. */
const barMs = 300

/** When the command ended, by the workstation's clock, which is this machine's: ms since the epoch. */
async function endOf(bed: Bed): Promise<number> {
	return Number(await readFile(join(bed.sshd.home, 'end'), 'utf8')) / 1e6
}

/** From the exit of each run to its notice in the engine's state, for whatever face is there. */
async function ours(bed: Bed): Promise<number[]> {
	const engine = await startEngine({ dataFolder: bed.dataFolder })
	const late: number[] = []
	try {
		await engine.until((state) => state.workstations.lab?.link.status === 'up')
		await engine.call('check', {})
		await sleep(apartMs)
		for (let round = 0; round < runs; round++) {
			const { operation } = await engine.call('run', {})
			const notice = await engine.until(({ notices }) =>
				Object.values(notices).find(({ kind }) => kind === 'run-ended'),
			)
			late.push(Date.now() - (await endOf(bed)))
			await engine.call('claimNotice', { notice: notice.id })
			await engine.call('waitOperation', { operation })
			// Runs that end in a row are told together; these are to be told one by one.
			await sleep(apartMs)
		}
	} finally {
		await engine.dispose()
	}
	return late
}

/** In a tmux of its own on the workstation: ends a second later and leaves a file, as scripts at hand do. */
const inTmux = (more: string) =>
	`rm -f "$HOME/exit"; tmux -L bench new-session -d 'sleep 1; date +%s%N >"$HOME/end"; echo 0 >"$HOME/exit"${more}'`

/** `tmux wait-for` over a connection that stays open for it. */
async function byWaiting(bed: Bed): Promise<number[]> {
	const late: number[] = []
	for (let round = 0; round < plainRounds; round++) {
		const waiting = `${inTmux('; tmux -L bench wait-for -S end')} && tmux -L bench wait-for end`
		await run({ file: 'ssh', args: [...bed.sshArgs, waiting] })
		late.push(Date.now() - (await endOf(bed)))
	}
	return late
}

/** A new `ssh host test -e exit` every five seconds. Each round begins at another moment of the interval. */
async function byPolling(bed: Bed): Promise<number[]> {
	const late: number[] = []
	for (let round = 0; round < plainRounds; round++) {
		await run({ file: 'ssh', args: [...bed.sshArgs, inTmux('')] })
		await sleep((pollMs * round) / plainRounds)
		for (;;) {
			const { exitCode } = await run({
				file: 'ssh',
				args: [...bed.sshArgs, 'test -e "$HOME/exit"'],
				expected: [0, 1],
			})
			if (exitCode === 0) break
			await sleep(pollMs)
		}
		late.push(Date.now() - (await endOf(bed)))
	}
	return late
}

const words = (values: number[]) => `p50 ${ms(quantile(values, 0.5))}, p95 ${ms(quantile(values, 0.95))}`

/** From the exit of a run to its notice, beside what people do without Hawser. */
export async function noticeRows(bed: Bed): Promise<Row[]> {
	const told = await ours(bed)
	const waited = await byWaiting(bed)
	const polled = await byPolling(bed)
	const p95 = quantile(told, 0.95)
	const row = (plain: string, values: number[]): Row => ({
		name: `exit → notice, 30 ms line, ${runs} runs, beside ${plain}`,
		ours: words(told),
		plain: words(values),
		ratio: quantile(told, 0.5) / quantile(values, 0.5),
		bar: `p95 ≤ ${barMs} ms`,
		met: p95 <= barMs,
	})
	return [row('ssh host tmux wait-for', waited), row('a poll by ssh every 5 s', polled)]
}
