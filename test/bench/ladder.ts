import { connect } from 'node:net'
import { run } from '../../src/engine/process/process.ts'
import { startEngine } from '../peers/engine.ts'
import type { Bed } from './bed.ts'
import { ms, quantile, type Row, timed } from './row.ts'

/** The same rungs, typed one after the other. */
const questions = [
	'true',
	'git --version; rsync --version; tmux -V; python3 --version',
	'nvidia-smi --query-gpu=index,name,driver_version --format=csv,noheader',
	'df -Pk ~',
	'date +%s',
]

function reach(port: number): Promise<void> {
	return new Promise((done, fail) => {
		const socket = connect({ port, host: '127.0.0.1' })
		socket.once('error', fail)
		socket.once('data', () => {
			socket.destroy()
			done()
		})
	})
}

/** A fresh ladder over a link that is up beside the same checks by separate calls. */
export async function ladderRow(bed: Bed): Promise<Row> {
	const engine = await startEngine({ dataFolder: bed.dataFolder })
	await engine.until((state) => state.workstations.lab?.link.status === 'up')
	await engine.call('check', {})
	const ours = await timed(15, () => engine.call('check', {}))
	await engine.dispose()
	const expected = Array.from({ length: 256 }, (_, code) => code)
	const plain = await timed(3, async () => {
		await reach(bed.line.port)
		for (const question of questions) await run({ file: 'ssh', args: [...bed.sshArgs, question], expected })
	})
	const ratio = quantile(ours, 0.5) / quantile(plain, 0.5)
	return {
		name: 'fresh ladder, 30 ms line (median)',
		ours: ms(quantile(ours, 0.5)),
		plain: `${ms(quantile(plain, 0.5))} by a TCP connection and ${questions.length} ssh calls`,
		ratio,
		bar: '≤ 0.30 ×',
		met: ratio <= 0.3,
	}
}
