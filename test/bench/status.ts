import { run } from '../../src/engine/process/process.ts'
import { startEngine } from '../peers/engine.ts'
import type { Bed } from './bed.ts'
import { ms, quantile, type Row, timed } from './row.ts'

/** The same facts, one question a call, as a person's scripts ask them. */
const questions = [
	'git --version; rsync --version; tmux -V; python3 --version',
	'nvidia-smi --query-gpu=index,name,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw --format=csv,noheader,nounits',
	'nvidia-smi --query-compute-apps=pid,process_name,used_memory --format=csv,noheader,nounits',
	'df -Pk ~; date +%s',
	'ls ~/.hawser/runs; tail -n 1 ~/.hawser/runs/*/log',
	'git -C ~/nt for-each-ref refs/heads refs/remotes',
	'git -C ~/nt-gpu status --porcelain=v2 --branch',
	'git -C ~/nt log --format=%H%x09%s master..gpu-validation',
]

/** A full refresh of workstation and project beside the same facts by separate `ssh` calls. */
export async function statusRow(bed: Bed): Promise<Row> {
	const engine = await startEngine({ dataFolder: bed.dataFolder })
	await engine.until((state) => state.workstations.lab?.link.status === 'up')
	await engine.call('readPending', {})
	const ours = await timed(15, () => engine.call('readPending', {}))
	await engine.dispose()
	const plain = await timed(3, async () => {
		for (const question of questions)
			await run({
				file: 'ssh',
				args: [...bed.sshArgs, question],
				expected: Array.from({ length: 256 }, (_, code) => code),
			})
		await run({ file: 'git', args: ['-C', bed.repositories.laptop, 'status', '--porcelain=v2', '--branch'] })
		await run({
			file: 'git',
			args: ['-C', bed.repositories.laptop, 'log', '--format=%H%x09%s', 'origin/master..master'],
		})
	})
	const ratio = quantile(ours, 0.5) / quantile(plain, 0.5)
	return {
		name: 'status refresh, 30 ms line (median)',
		ours: ms(quantile(ours, 0.5)),
		plain: `${ms(quantile(plain, 0.5))} by ${questions.length} ssh calls`,
		ratio,
		bar: '≤ 0.30 ×',
		met: ratio <= 0.3,
	}
}
