import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../src/engine/process/process.ts'
import { startEngine } from '../peers/engine.ts'
import { type Bed, oneWayMs } from './bed.ts'
import { ms, quantile, type Row } from './row.ts'

const rounds = 40

/** When the run's command ended, by the workstation's clock, which is this machine's: ms since the epoch. */
async function endOf(bed: Bed): Promise<number> {
	return Number(await readFile(join(bed.sshd.home, 'end'), 'utf8')) / 1e6
}

/** From the exit of a run to its notice, beside `ssh host tmux wait-for`. */
export async function noticeRow(bed: Bed): Promise<Row> {
	const engine = await startEngine({ dataFolder: bed.dataFolder })
	await engine.until((state) => state.workstations.lab?.link.status === 'up')
	await engine.call('check', {})
	const ours: number[] = []
	for (let round = 0; round < rounds; round++) {
		const { operation } = await engine.call('run', {})
		const notice = await engine.until((state) => Object.values(state.notices)[0])
		ours.push(Date.now() - (await endOf(bed)))
		await engine.call('claimNotice', { notice: notice.id })
		await engine.call('waitOperation', { operation })
	}
	await engine.dispose()
	const plain: number[] = []
	const ssh = (command: string) => run({ file: 'ssh', args: [...bed.sshArgs, command] })
	for (let round = 0; round < 5; round++) {
		const waiting = ssh(
			`tmux -L bench new-session -d 'sleep 1; date +%s%N >"$HOME/end"; tmux -L bench wait-for -S end' && tmux -L bench wait-for end`,
		)
		await waiting
		plain.push(Date.now() - (await endOf(bed)))
	}
	const p95 = quantile(ours, 0.95)
	const bar = 300 + oneWayMs
	return {
		name: `exit → notice, 30 ms line, ${rounds} runs`,
		ours: `p50 ${ms(quantile(ours, 0.5))}, p95 ${ms(p95)}`,
		plain: `p50 ${ms(quantile(plain, 0.5))} by ssh tmux wait-for`,
		ratio: null,
		bar: `p95 ≤ ${bar} ms`,
		met: p95 <= bar,
	}
}
